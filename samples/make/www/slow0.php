<?php
// Says nothing for six seconds.
sleep(6);
echo '{"end":true}';
