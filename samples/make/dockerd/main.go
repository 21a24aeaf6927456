// dockerd ADDRESS LATE_MS: answers as dockerd 18.09 does, on the same HTTP
// stack. POST /containers/ID/stop?t=N is answered after N s and LATE_MS more.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	lateMs, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	late := time.Duration(lateMs) * time.Millisecond
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { answer(w, r, late) })
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}

func answer(w http.ResponseWriter, r *http.Request, late time.Duration) {
	h := w.Header()
	h.Set("Api-Version", "1.39")
	h.Set("Docker-Experimental", "false")
	h.Set("Ostype", "linux")
	h.Set("Server", "Docker/18.09.9 (linux)")
	h.Set("Content-Type", "application/json")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/_ping"):
		h.Set("Content-Type", "text/plain; charset=utf-8")
		if r.Method != "HEAD" {
			fmt.Fprint(w, "OK")
		}
	case strings.HasSuffix(path, "/containers/create"):
		w.WriteHeader(201)
		fmt.Fprintln(w, `{"Id":"b1f8bb98a25d0a4a7b8c","Warnings":null}`)
	case strings.HasSuffix(path, "/start"):
		time.Sleep(350 * time.Millisecond)
		h.Del("Content-Type")
		w.WriteHeader(204)
	case strings.HasSuffix(path, "/stop"):
		t, err := strconv.Atoi(r.URL.Query().Get("t"))
		if err != nil {
			t = 10
		}
		time.Sleep(time.Duration(t)*time.Second + late)
		h.Del("Content-Type")
		w.WriteHeader(204)
	default:
		w.WriteHeader(404)
		fmt.Fprintln(w, `{"message":"page not found"}`)
	}
}
