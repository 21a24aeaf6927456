#!/usr/bin/env python3
"""Holds a report of hostile packets against what its format allows.

usage: harmless.py FILE.html|FILE.md|FILE.txt …

Prints what is wrong, or "harmless" for each file. Whatever packets say: every file is
UTF-8 without control bytes or format controls; a page has the tags and attributes of ours
and no others, and its policy names its own style sheet; Markdown has no HTML, link or code
of theirs, and every row of a table has as many cells as its head.
"""
import base64
import hashlib
import re
import sys
import unicodedata
from html.parser import HTMLParser

TAGS = {tag: set(attributes.split()) for tag, attributes in {
    'html': 'lang', 'head': '', 'meta': 'charset http-equiv content name', 'title': '', 'style': '', 'body': '', 'main': '',
    'h1': '', 'h2': 'id', 'h3': '', 'h4': '', 'p': 'class', 'a': 'href', 'code': '', 'pre': '', 'ul': '', 'li': '',
    'article': 'class id', 'span': 'class', 'dl': '', 'dt': '', 'dd': '', 'div': 'class', 'table': '', 'thead': '',
    'tbody': '', 'tr': '', 'th': 'scope class', 'td': 'class', 'svg': 'class viewbox role aria-label', 'g': 'class',
    'text': 'class x y', 'line': 'class x1 y1 x2 y2', 'path': 'class d', 'circle': 'class cx cy r',
    'rect': 'class x y width height rx',
}.items()}
EMPTY = {'meta', 'line', 'path', 'circle', 'rect'}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.policy = [], [], ''

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.wrong.append(f'the tag {tag}')
            return
        for name, value in attributes:
            if name not in TAGS[tag]:
                self.wrong.append(f'the attribute {name} of {tag}')
            if name == 'href' and not re.fullmatch('#finding-[0-9]+', value):
                self.wrong.append(f'a link to {value}')
        if dict(attributes).get('http-equiv') == 'Content-Security-Policy':
            self.policy = dict(attributes)['content']
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f'an end of {tag} out of place')

    def handle_comment(self, data):
        self.wrong.append('a comment')


def trouble_of_html(text):
    page = Page()
    page.feed(text)
    page.close()
    yield from page.wrong
    if page.open:
        yield f'not closed: {page.open}'
    style = text[text.index('<style>') + 7:text.index('</style>')]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    if page.policy != f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'":
        yield f'the policy is {page.policy}'


def without_fences(text):
    """The lines outside of fences; a fence ends with as many backticks as it began."""
    fence = None
    for line in text.split('\n'):
        if fence is None and line.startswith('```'):
            fence = re.match('`+', line)[0]
        elif fence is None:
            yield line
        elif line == fence:
            fence = None
    if fence:
        yield '` a fence that does not end'


def cells(line):
    return len(re.findall(r'(?<!\\)(?:\\\\)*\|', line))


def trouble_of_markdown(text):
    columns = 0
    for line in without_fences(text):
        bare = re.sub(r'<a id="finding-[0-9]+"></a>|\]\(#finding-[0-9]+\)', ' ', line)
        bare = re.sub(r'^\| \[|(?<=\| )\[', '', bare)         # the text of our links
        bare = re.sub(r'\\.', '', bare)
        for markup in '<', '>', '`', '[', ']', '~', '$', '://', 'www.':
            if markup in bare:
                yield f'{markup} in: {line[:120]}'
        if re.match(r' *([+-] |#{1,6} |=+$|[0-9]+[.)] )', bare) and not re.match(r'- |#{1,3} ', line):
            yield f'a line that begins with markup: {line[:120]}'
        if line.startswith('|'):
            columns = columns or cells(line)
            if cells(line) != columns:
                yield f'{cells(line)} and not {columns} in: {line[:120]}'
        else:
            columns = 0


def trouble_of(name, data):
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        yield str(error)
        return
    for character in sorted(set(text) - {'\n'}):
        if unicodedata.category(character) in ('Cc', 'Cf', 'Zl', 'Zp', 'Cs'):
            yield f'the character U+{ord(character):04X}'
    if name.endswith('.html'):
        yield from trouble_of_html(text)
    elif name.endswith('.md'):
        yield from trouble_of_markdown(text)


for name in sys.argv[1:]:
    trouble = list(trouble_of(name, open(name, 'rb').read()))
    print('\n'.join(f'{name}: {t}' for t in trouble) or f'{name}: harmless')
