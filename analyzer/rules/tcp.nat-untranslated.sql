-- id:        tcp.nat-untranslated
-- title:     An answer came back from the address behind the translation
-- severity:  error
-- over:      reset
-- explains:  The client speaks to {service}. Data of that very connection (its sequence numbers go on)
--            reached it from {untranslated} instead: the device that translates the service's address
--            had forgotten the connection, and let the server's packet pass as it was. The client's host
--            has no connection with that address and answered RST, which ends it on the server's side.
-- remedy:    Keep the entry alive from the server's side too: TCP keep-alive below the device's time-out
--            on both ends, or a protocol heartbeat. Kubernetes: let kube-proxy drop such packets (it
--            does so for packets that conntrack calls invalid), or
--                sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1
-- confirm:   conntrack -E -e DESTROY -p tcp on the device names the connection before. On the server the
--            same packet leaves for the client and a RST comes back.
-- not:       Another connection of the client that happens to have the same port has other sequence
--            numbers.
-- reference: https://github.com/kubernetes/kubernetes/issues/74839
SELECT u.flow_id, u.trigger_ns AS from_ns, u.ns AS to_ns, 'error' AS severity, 'proven' AS confidence,
       'The client got ' || u.trigger_len || ' bytes of its connection with ' || u.service || ' from '
         || u.untranslated || ', whose translation had been forgotten, and its host answered RST.' AS summary,
       json_object('service', u.service, 'untranslated', u.untranslated, 'data_len', u.trigger_len,
                   'idle_s', seconds(u.trigger_ns - u.last_ns)) AS numbers,
       json_array(json_object('frame', u.last_frame, 'role', 'last segment through the service''s address',
                              'flow', u.service_flow),
                  json_object('frame', u.trigger_frame, 'role', 'data from the address behind it'),
                  json_object('frame', u.frame, 'role', 'RST of the client''s host')) AS evidence
  FROM nat_untranslated u
 GROUP BY u.flow_id
 ORDER BY u.ns, u.flow_id;
