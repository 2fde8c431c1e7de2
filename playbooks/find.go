package playbooks

import "path/filepath"

// Where is a task with the play that it runs in.
type Where struct {
	Play *Play
	Task *Task
}

// At finds the task that stands at a line of a file: the last one that begins there or
// before. In front of the first task of a play, Task is nil; Play is nil where the
// playbook has nothing in that file. Handlers count; what dynamic includes bring does not.
func (b *Playbook) At(file string, line int) Where {
	f := finder{file: absolutePath(file), line: line}
	for _, play := range b.Plays {
		f.play(play)
	}
	return f.best
}

// Lines gives the lines of a file at which tasks begin.
func (b *Playbook) Lines(file string) []int {
	f := finder{file: absolutePath(file), line: -1}
	for _, play := range b.Plays {
		f.play(play)
	}
	return f.lines
}

type finder struct {
	file  string
	line  int
	best  Where
	at    int // the line of best
	lines []int
}

func absolutePath(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

func (f *finder) play(play *Play) {
	if f.isHere(play.Pos.File) && f.at <= play.Pos.Line && play.Pos.Line <= f.line {
		f.best, f.at = Where{Play: play}, play.Pos.Line
	}
	f.list(play, play.PreTasks)
	for _, use := range play.Roles {
		if use.Tasks != nil {
			f.block(play, use.Tasks)
		}
	}
	f.list(play, play.Tasks)
	f.list(play, play.PostTasks)
	for _, handler := range play.Handlers {
		f.list(play, []Node{handler.Node})
	}
}

func (f *finder) list(play *Play, nodes []Node) {
	for _, node := range nodes {
		switch n := node.(type) {
		case *Block:
			f.block(play, n)
		case *Task:
			f.task(play, n)
		}
	}
}

func (f *finder) block(play *Play, b *Block) {
	for _, nodes := range [][]Node{b.Body, b.Rescue, b.Always, b.Undo} {
		f.list(play, nodes)
	}
}

func (f *finder) task(play *Play, t *Task) {
	f.list(play, t.Undo)
	if !f.isHere(t.Pos.File) {
		return
	}
	f.lines = append(f.lines, t.Pos.Line)
	if f.at < t.Pos.Line && t.Pos.Line <= f.line {
		f.best, f.at = Where{Play: play, Task: t}, t.Pos.Line
	}
}

func (f *finder) isHere(file string) bool { return absolutePath(file) == f.file }
