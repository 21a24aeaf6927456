"""Differences between programs that stand as they are, each named with its reason.

A file of them has lines FILES | STREAMS | WRONG | REASON: a pattern, under the folder's
name; the numbers of tcp.stream, or * for all; who does not read as the RFCs say, which is
the other program's name, tcpwhy, or nobody (where they do not say); and what the bytes show.
"""
import collections
import fnmatch


class Accepted:
    """What is judged here is counted, in `wrong`, or printed and counted as fresh."""

    def __init__(self, path):
        self.name, self.fresh, self.wrong = path.name, 0, collections.Counter()
        self.lines, self.needed = [], set()
        for line in path.read_text(encoding='utf-8').splitlines() if path.is_file() else []:
            if line.strip() and not line.startswith('#'):
                files, streams, wrong, _ = (x.strip() for x in line.split('|', 3))
                self.lines.append((files, streams, wrong))

    def judge(self, name, differences):
        """Of the capture `name`: (stream, text) each."""
        for stream, text in differences:
            fits = [n for n, (files, streams, _) in enumerate(self.lines) if fnmatch.fnmatchcase(name, files)
                    and (streams == '*' or str(stream) in streams.split())]
            self.needed.update(fits)
            if fits:
                self.wrong[self.lines[fits[0]][2]] += 1
            else:
                self.fresh += 1
                print(f'{name} stream {stream}: {text}')

    def failed(self, names):
        """Name the lines for these captures that nothing needs; whether the test has failed."""
        unneeded = [line for n, line in enumerate(self.lines) if n not in self.needed
                    and any(fnmatch.fnmatchcase(name, line[0]) for name in names)]
        for files, streams, _ in unneeded:
            print(f'{self.name}: nothing differs so any more: {files} | {streams}')
        return bool(self.fresh or unneeded)

    def summary(self, agree, other):
        """How many agree of how many; and of how many where the other is not the one that is wrong."""
        differ = self.fresh + self.wrong.total()
        fair = agree + differ - self.wrong[other]
        explained = ', '.join(f'{n} ({who} wrong)' for who, n in sorted(self.wrong.items()))
        return (f'{agree} of {agree + differ} agree ({100 * agree / max(agree + differ, 1):.2f} %), '
                f'{100 * agree / max(fair, 1):.2f} % without those where {other} is wrong; '
                f'differ as explained: {explained or 0}; differ: {self.fresh}')
