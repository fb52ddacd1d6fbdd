<?php
// Swap the picture behind an image id: php swap.php IMAGE PHOTO
$base = getenv('SALLA_API') ?: 'http://127.0.0.1:8000/admin/v2'; // all that changes
[, $image, $photo] = $argv;
$call = curl_init("$base/products/images/$image");
curl_setopt_array($call, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('TOKEN')],
    CURLOPT_POSTFIELDS => ['photo' => new CURLFile($photo), 'alt' => 'كوب قهوة', 'default' => '1'],
]);
$told = json_decode(curl_exec($call), true);
if (!$told['success']) {
    fwrite(STDERR, $told['error']['message'] . "\n");
    exit(1);
}
echo $told['data']['image']['thumbnail']['url'], "\n";
