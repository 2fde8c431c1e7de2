// Package report shows the events of a run to people and programs: Console writes what
// Ansible's users know how to read, Lines writes one JSON object per event, and All hands
// each event to several of these.
//
// Events arrive masked: what is secret was replaced before the executor told them.
package report

import (
	"encoding/json"
	"io"

	"github.com/gdeploy/gdeploy/executor"
)

// All gives a sink that hands every event to each of sinks, in their order.
func All(sinks ...executor.Sink) executor.Sink { return all(sinks) }

type all []executor.Sink

// Record hands the event on.
func (a all) Record(r executor.Record) {
	for _, sink := range a {
		sink.Record(r)
	}
}

// Lines gives a sink that writes every event as a line of JSON.
func Lines(w io.Writer) executor.Sink { return &lines{out: w} }

type lines struct{ out io.Writer }

// Record writes the event. One that cannot be encoded says so in its place.
func (l *lines) Record(r executor.Record) {
	line, err := json.Marshal(r)
	if err != nil {
		line, _ = json.Marshal(map[string]string{"type": r.Event.Type(), "error": err.Error()})
	}
	l.out.Write(append(line, '\n'))
}
