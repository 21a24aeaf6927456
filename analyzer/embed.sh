#!/bin/sh
# embed.sh FILE... - write a C file that holds the files' bytes (embedded.h).
# Bytes as numbers, since ISO C promises string literals of 4095 only.
set -eu

echo '#include <string.h>'
echo '#include "embedded.h"'
echo '#include "err.h"'
i=0
for file; do
	i=$((i + 1))
	echo "static const unsigned char file_$i[] = {"
	od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
	echo '0 };'
done
echo 'const struct embedded embedded_files[] = {'
i=0
for file; do
	i=$((i + 1))
	echo "	{ \"$file\", (const char *)file_$i },"
done
echo '};'
cat <<'END'
const size_t embedded_files_n = sizeof embedded_files / sizeof *embedded_files;

const char *embedded_text(const char *path)
{
	for (size_t i = 0; i < embedded_files_n; i++)
		if (strcmp(embedded_files[i].path, path) == 0)
			return embedded_files[i].text;
	die("%s was not built in", path);
}
END
