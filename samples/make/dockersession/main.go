// dockersession HOST: create, start, and stop three times with one SDK client.
// The first two stops ask for t=5 with a deadline of 5 s, the last one for t=2.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

const id = "b1f8bb98a25d"

func stop(cli *client.Client, t time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	began := time.Now()
	err := cli.ContainerStop(ctx, id, &t)
	fmt.Println("stop", t, time.Since(began), err)
}

func start(cli *client.Client) {
	fmt.Println("start", cli.ContainerStart(context.Background(), id, types.ContainerStartOptions{}))
}

func main() {
	cli, err := client.NewClientWithOpts(client.WithHost(os.Args[1]), client.WithVersion("1.39"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = cli.ContainerCreate(context.Background(),
		&container.Config{Image: "registry.local/app:1.2", Cmd: []string{"/app"}},
		&container.HostConfig{}, nil, nil, "app1")
	fmt.Println("create", err)
	start(cli)
	for i := 0; i < 2; i++ {
		stop(cli, 5*time.Second)
		time.Sleep(time.Second)
		start(cli)
	}
	stop(cli, 2*time.Second)
	time.Sleep(500 * time.Millisecond)
}
