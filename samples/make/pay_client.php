<?php
// pay_client.php URL RECEIPT_LEN EXPECT(on|off) TIMEOUT_S COUNT: POSTs on one connection.
[, $url, $length, $expect, $timeout, $count] = $argv;
$curl = curl_init($url);
curl_setopt_array($curl, [
    CURLOPT_TIMEOUT => (int)$timeout,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query([
        'receipt' => str_repeat('MIIT', intdiv($length, 4)), 'uid' => '10086']),
    CURLOPT_HTTPHEADER => [$expect == 'on' ? 'Expect: 100-continue' : 'Expect:'],
]);
for ($i = 0; $i < $count; $i++) {
    $body = curl_exec($curl);
    printf("errno=%d %s http=%d total=%.3f %s\n", curl_errno($curl), curl_error($curl),
        curl_getinfo($curl, CURLINFO_HTTP_CODE), curl_getinfo($curl, CURLINFO_TOTAL_TIME),
        substr((string)$body, 0, 80));
    if ($i + 1 < $count)
        usleep(500000);
}
