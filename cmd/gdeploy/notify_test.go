package main

import (
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/notify"
	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
)

// The end of a run waits for those who are told of it no longer than one of them may take,
// however much there is to be told.
func TestTheEndWaitsOnce(t *testing.T) {
	const most = 500 * time.Millisecond
	defer func(before time.Duration) { notifyTime = before }(notifyTime)
	notifyTime = most
	warnings := 0
	s := &session{secrets: redact.New(), warn: func(values.Position, string) { warnings++ }}
	n := s.notifier()
	n.targets = []notify.Target{{Command: "exec sleep 100"}}
	const messages = 10
	for range messages {
		n.send(notify.Failure, "failed", "")
	}
	began := time.Now()
	n.Close()
	if took := time.Since(began); took > messages/2*most || warnings != messages {
		t.Errorf("it took %s, with %d warnings", took, warnings)
	}
}
