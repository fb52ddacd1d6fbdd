// Swap the picture behind an image id: node swap.mjs IMAGE PHOTO
import { readFile } from "node:fs/promises";

const base = process.env.SALLA_API ?? "http://127.0.0.1:8000/admin/v2"; // all that changes
const [image, photo] = process.argv.slice(2);
const form = new FormData();
form.set("photo", new Blob([await readFile(photo)]), "cup.jpg");
form.set("alt", "كوب قهوة");
form.set("default", "1");
const answer = await fetch(`${base}/products/images/${image}`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
  body: form,
});
const told = await answer.json();
if (!told.success) throw new Error(told.error.message);
console.log(told.data.image.thumbnail.url);
