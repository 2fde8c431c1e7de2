package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryFailureIsCountedAndTheFirstIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n := asked.Add(1); {
		case n == 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n == 5:
			panic(http.ErrAbortHandler)
		case n >= 10:
			cancel()
		}
		w.Header().Set("X-Version", "v1")
		w.Header().Set("X-Node", "n1")
	}))
	defer server.Close()

	got := ask(ctx, options{url: server.URL, clients: 1, timeout: time.Second})
	if got.Requests != 10 || got.Failed != 2 || got.Versions["v1"] != 8 || got.Nodes["n1"] != 8 {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(got.FirstFailure, "status 503") {
		t.Errorf("first failure is %q", got.FirstFailure)
	}
}

func TestARequestUnderWayIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-ctx.Done() // the answer comes after the stop
	}))
	defer server.Close()

	got := ask(ctx, options{url: server.URL, clients: 1, timeout: time.Second})
	if got.Requests != 1 || got.Failed != 0 {
		t.Errorf("got %+v", got)
	}
}
