// dockerstop HOST DEADLINE_S T_S ID: ContainerStop with a deadline of our own.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/docker/docker/client"
)

func main() {
	deadline, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		log.Fatal(err)
	}
	seconds, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	cli, err := client.NewClientWithOpts(client.WithHost(os.Args[1]), client.WithVersion("1.39"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(deadline*float64(time.Second)))
	defer cancel()
	t := time.Duration(seconds) * time.Second
	began := time.Now()
	err = cli.ContainerStop(ctx, os.Args[4], &t)
	fmt.Println("stop", time.Since(began), err)
	time.Sleep(1500 * time.Millisecond) // the late answer comes meanwhile
}
