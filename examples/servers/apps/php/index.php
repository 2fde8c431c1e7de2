<?php echo "release one\n";
