package runlog

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gdeploy/gdeploy/executor"
)

// Told is what a run told of one task, handler or undo: how it ended on each host.
type Told struct {
	Play    string // the name of the play
	Task    executor.Place
	Results []executor.HostResult
}

// Tasks reads what a run told, task by task, in the order in which they were met. What is
// told twice, since the run died in between, counts as it was told last.
func Tasks(dir, id string) ([]Told, error) {
	f, err := os.Open(filepath.Join(dir, id, "events.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("read what run %s told: %w", id, err)
	}
	defer f.Close()
	t := telling{byPath: map[string]int{}}
	for in := bufio.NewReaderSize(f, 1<<16); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return t.tasks, nil // what a crash cut short is left out
		}
		if err != nil {
			return nil, fmt.Errorf("read what run %s told: %w", id, err)
		}
		t.hear(line)
	}
}

// telling puts events together to tasks.
type telling struct {
	play   string
	tasks  []Told
	byPath map[string]int
}

func (t *telling) hear(line []byte) {
	var told struct {
		Type  string          `json:"type"`
		Event json.RawMessage `json:"event"`
	}
	if json.Unmarshal(line, &told) != nil {
		return
	}
	switch told.Type {
	case executor.PlayStarted{}.Type():
		var e executor.PlayStarted
		if json.Unmarshal(told.Event, &e) == nil {
			t.play = e.Name
		}
	case executor.HostResult{}.Type():
		var e executor.HostResult
		if json.Unmarshal(told.Event, &e) == nil {
			t.result(e)
		}
	}
}

func (t *telling) result(e executor.HostResult) {
	i, known := t.byPath[e.Task.Path]
	if !known {
		i = len(t.tasks)
		t.byPath[e.Task.Path] = i
		t.tasks = append(t.tasks, Told{Play: t.play, Task: e.Task})
	}
	task := &t.tasks[i]
	for k := range task.Results {
		if task.Results[k].Host == e.Host {
			task.Results[k] = e
			return
		}
	}
	task.Results = append(task.Results, e)
}
