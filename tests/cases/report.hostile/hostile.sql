-- id:        own.hostile
-- title:     Everything that peers chose, in every place where a finding has text
-- severity:  error
-- explains:  {host}
--            Its name: {product}
-- remedy:    Look at {target}
--                tool --host '{host}' --queue '{queue}'
-- confirm:   {vhost}
-- not:       {close_text}
-- reference: {reason}
SELECT x.flow_id, x.request_ns AS from_ns, m.ns AS to_ns, 'error' AS severity, 'possible' AS confidence,
       x.target || ' ' || x.host || ' ' || x.user_agent || ' ' || x.reason || char(10) || c.product || c.vhost
         || m.detail || c.close_text AS summary,
       json_object('host', x.host, 'target', x.target, 'reason', x.reason, 'product', c.product, 'vhost', c.vhost,
                   'queue', m.detail, 'close_text', c.close_text) AS numbers,
       json_array(json_object('frame', x.request_frame, 'role', x.host),
                  json_object('frame', m.frame, 'flow', m.flow_id, 'role', m.detail || char(10) || c.product)) AS evidence,
       x.host AS client, c.product AS server
  FROM http_exchange x, amqp_connection c
  JOIN amqp_method m ON m.flow_id = c.flow_id AND m.name = 'queue.declare'
 ORDER BY 1;
