package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
)

type jsonLines struct{ out io.Writer }

func (j jsonLines) Record(r executor.Record) { json.NewEncoder(j.out).Encode(r) }

func (s *session) console(cmd *cobra.Command) executor.Sink { return jsonLines{cmd.OutOrStdout()} }

func (s *session) secrets() executor.Secrets { return nil }

type many []executor.Sink

func (m many) Record(r executor.Record) {
	for _, s := range m {
		s.Record(r)
	}
}

func masked(_ executor.Secrets, sinks []executor.Sink) executor.Sink { return many(sinks) }
