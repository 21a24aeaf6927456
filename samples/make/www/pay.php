<?php
// Pretends to verify the receipt with the payment provider.
$n = strlen($_POST['receipt'] ?? '');
usleep(300000);
header('Content-Type: application/json');
echo json_encode(['status' => 0, 'receipt_len' => $n, 'ok' => true]);
