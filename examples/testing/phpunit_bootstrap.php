<?php
// Starts Fatrina for a run of PHPUnit; tests read its address and tokens with getenv.

require __DIR__ . '/vendor/autoload.php';

$command = [getenv('FATRINA') ?: 'fatrina', 'serve', '--ephemeral', '--port', '0',
    '--admin-token', 'auto', '--exit-with-parent'];
$service = proc_open($command, [1 => ['pipe', 'w'], 2 => STDERR], $pipes);
$report = json_decode((string) fgets($pipes[1]), true);
if ($report === null) {
    fwrite(STDERR, "Fatrina did not start.\n");
    exit(1);
}
putenv('STORE_URL=' . $report['url']);
putenv('STORE_API_URL=' . $report['api_url']);
putenv('STORE_TOKEN=' . $report['merchants'][0]['tokens'][0]);
putenv('STORE_ADMIN_TOKEN=' . $report['admin_token']);
register_shutdown_function(static function () use ($service): void {
    proc_terminate($service);
    proc_close($service);
});
