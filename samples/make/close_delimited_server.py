#!/usr/bin/python3
"""close_delimited_server.py PORT: three lines without a length; the body ends with the connection."""
import http.server
import sys
import time


class Old(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.end_headers()
        for n in range(3):
            self.wfile.write(b'line %d\n' % n)
            time.sleep(0.2)


http.server.HTTPServer(('', int(sys.argv[1])), Old).serve_forever()
