package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

type options struct {
	url       string
	clients   int
	pace      time.Duration
	timeout   time.Duration
	keepAlive bool
}

// summary is what the clients saw. Versions and Nodes count good answers by their X-Version and X-Node headers.
type summary struct {
	Requests     int            `json:"requests"`
	Failed       int            `json:"failed"`
	FirstFailure string         `json:"first_failure,omitempty"`
	Versions     map[string]int `json:"versions"`
	Nodes        map[string]int `json:"nodes"`
	MaxMillis    int64          `json:"max_ms"`
	Seconds      float64        `json:"seconds"`
}

// ask runs the clients until ctx ends. Requests under way then are finished and counted.
func ask(ctx context.Context, o options) summary {
	started := time.Now()
	seen := &tally{summary: summary{Versions: map[string]int{}, Nodes: map[string]int{}}}
	transport := &http.Transport{DisableKeepAlives: !o.keepAlive, MaxIdleConnsPerHost: o.clients}
	client := &http.Client{Transport: transport, Timeout: o.timeout}
	var clients sync.WaitGroup
	for range o.clients {
		clients.Go(func() {
			for ctx.Err() == nil {
				seen.add(request(client, o.url))
				pause(ctx, o.pace)
			}
		})
	}
	clients.Wait()
	seen.Seconds = float64(time.Since(started).Milliseconds()) / 1000
	return seen.summary
}

type answer struct {
	version, node string
	err           error
	began         time.Time
	took          time.Duration
}

func request(client *http.Client, url string) answer {
	a := answer{began: time.Now()}
	response, err := client.Get(url)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		a.version, a.node = response.Header.Get("X-Version"), response.Header.Get("X-Node")
	}
	a.took = time.Since(a.began)
	a.err = err
	if err == nil && response.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("status %s, node %q, version %q", response.Status, a.node, a.version)
	}
	return a
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

type tally struct {
	sync.Mutex
	summary
}

func (t *tally) add(a answer) {
	t.Lock()
	defer t.Unlock()
	t.Requests++
	t.MaxMillis = max(t.MaxMillis, a.took.Milliseconds())
	if a.err != nil {
		t.Failed++
		if t.FirstFailure == "" {
			t.FirstFailure = fmt.Sprintf("%s: %v", a.began.UTC().Format("15:04:05.000"), a.err)
		}
		return
	}
	t.Versions[a.version]++
	t.Nodes[a.node]++
}
