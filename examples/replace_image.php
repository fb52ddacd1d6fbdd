<?php
// Replace the photo of an image: php replace_image.php IMAGE PHOTO
$base = getenv('SALLA_API') ?: 'http://127.0.0.1:8000/admin/v2'; // the only change
[, $image, $photo] = $argv;
$request = curl_init("$base/products/images/$image");
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('TOKEN')],
    CURLOPT_POSTFIELDS => ['photo' => new CURLFile($photo), 'alt' => 'كوب قهوة', 'default' => '1'],
]);
$result = json_decode(curl_exec($request), true);
if (!$result['success']) {
    fwrite(STDERR, $result['error']['message'] . "\n");
    exit(1);
}
echo $result['data']['image']['thumbnail']['url'], "\n";
