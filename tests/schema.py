#!/usr/bin/env python3
"""Holds reports against docs/report.schema.json.

usage: schema.py SCHEMA FILE.json|FILE.ndjson …

Understands as much of JSON Schema as that file uses; where Python's jsonschema is
installed it is asked too. A key that the schema does not name is told: the schema is the
reference. Prints what is wrong, or "as the schema says" for each file.
"""
import json
import re
import sys

TYPES = {'object': dict, 'array': list, 'string': str, 'null': type(None)}
UNDERSTOOD = {'$schema', '$id', '$defs', '$ref', 'title', 'description', 'type', 'required', 'properties', 'items',
              'enum', 'const', 'pattern', 'additionalProperties'}


def is_of(value, kind):
    if kind in ('integer', 'number'):
        return isinstance(value, int if kind == 'integer' else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


def resolved(schema, root):
    return {**root['$defs'][schema['$ref'].removeprefix('#/$defs/')], **schema} if '$ref' in schema else schema


def trouble(value, schema, root, at):
    schema = resolved(schema, root)
    if set(schema) - UNDERSTOOD:
        yield f'{at}: the schema has {set(schema) - UNDERSTOOD}, which is not understood here'
    kinds = schema.get('type', [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(is_of(value, kind) for kind in kinds):
        yield f'{at}: {json.dumps(value)[:60]} is not of type {kinds}'
        return
    if 'const' in schema and value != schema['const'] or 'enum' in schema and value not in schema['enum']:
        yield f'{at}: {json.dumps(value)[:60]} is not allowed'
    if isinstance(value, str) and not re.search(schema.get('pattern', ''), value):
        yield f'{at}: {value[:60]} is not of the pattern'
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from trouble(item, schema.get('items', {}), root, f'{at}[{i}]')
    if isinstance(value, dict) and ('properties' in schema or 'additionalProperties' in schema):
        yield from trouble_of_object(value, schema, root, at)


def trouble_of_object(value, schema, root, at):
    properties = schema.get('properties', {})
    for key in schema.get('required', []):
        if key not in value:
            yield f'{at}: no {key}'
    for key, item in value.items():
        if key not in properties and 'additionalProperties' not in schema:
            yield f'{at}: the schema does not name {key}'
        yield from trouble(item, properties.get(key, schema.get('additionalProperties', {})), root, f'{at}.{key}')


def trouble_of_line(line, root, at):
    value = json.loads(line)
    kind = value.pop('type', None)
    yield from trouble({'type': kind}, {'$ref': '#/$defs/line'}, root, at)
    yield from trouble(value, {'$ref': '#/$defs/' + {'benign': 'finding'}.get(kind, kind)}, root, at)


def trouble_of(name, root):
    text = open(name, encoding='utf-8').read()
    if name.endswith('.ndjson'):
        for number, line in enumerate(text.splitlines(), 1):
            yield from trouble_of_line(line, root, f'line {number}')
        return
    report = json.loads(text)
    yield from trouble(report, root, root, 'report')
    try:
        import jsonschema
    except ImportError:
        return
    for error in jsonschema.Draft202012Validator(root).iter_errors(report):
        yield f'jsonschema: {error.message[:200]}'


root = json.load(open(sys.argv[1], encoding='utf-8'))
for name in sys.argv[2:]:
    wrong = list(trouble_of(name, root))
    print('\n'.join(f'{name}: {w}' for w in wrong) or f'{name}: as the schema says')
