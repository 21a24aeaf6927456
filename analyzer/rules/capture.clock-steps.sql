-- id:        capture.clock-steps
-- title:     The clock of the capture stepped back
-- severity:  note
-- about:     capture
-- param:     warn_steps = 10       from here on a warning
-- explains:  {count} times a frame is stamped more than 1 ms before the frame ahead of it: the clock was
--            set while the capture ran, files were merged whose clocks differ, or several network queues
--            were written out of order. A duration across such a step may be wrong, and a pause in it too.
-- remedy:    Let the time service slew the clock and not set it (chronyd without makestep, ntpd -x), and
--            take one clock for all frames:
--                tcpdump -i eth0 -s 0 -j host -w better.pcap
--            Merge files with mergecap, which sorts by time, not with cat.
-- confirm:   tshark -r {file} -Y 'frame.time_delta < -0.001' lists the steps.
-- not:       Steps of microseconds between network queues are normal and are not counted.
-- reference: https://www.tcpdump.org/manpages/pcap-tstamp.7.html
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns,
       iif(c.clock_steps_back >= :warn_steps, 'warning', 'note') AS severity, 'proven' AS confidence,
       iif(c.clock_steps_back = 1, 'Once', c.clock_steps_back || ' times')
         || ' the clock of the capture stepped back by more than 1 ms; durations across such a step are'
         || ' not to be trusted.' AS summary,
       json_object('kind', 'clock_steps', 'count', c.clock_steps_back, 'frames', c.frames,
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = c.id ORDER BY seq LIMIT 1),
                   'means', 'durations across a step are not to be trusted') AS numbers,
       '[]' AS evidence
  FROM capture c
 WHERE c.clock_steps_back > 0
 ORDER BY c.id;
