// Replace the photo of an image: node replace_image.mjs IMAGE PHOTO
import { readFile } from "node:fs/promises";

const base = process.env.SALLA_API ?? "http://127.0.0.1:8000/admin/v2"; // the only change
const [image, photo] = process.argv.slice(2);
const form = new FormData();
form.set("photo", new Blob([await readFile(photo)]), "cup.jpg");
form.set("alt", "كوب قهوة");
form.set("default", "1");
const response = await fetch(`${base}/products/images/${image}`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
  body: form,
});
const result = await response.json();
if (!result.success) throw new Error(result.error.message);
console.log(result.data.image.thumbnail.url);
