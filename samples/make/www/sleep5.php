<?php
// Longer than php-fpm's slow log allows (2 s), shorter than the client does.
sleep(5);
echo "asdadadasdsad";
