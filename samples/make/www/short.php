<?php
// Announces more than it sends.
header('Content-Type: application/json');
header('Content-Length: 5000');
echo str_repeat('{"item":"0123456789"},', 50);
flush();
