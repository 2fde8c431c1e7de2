package jinja

import (
	"github.com/gdeploy/gdeploy/values"
)

// forStmt is {% for target in x if test recursive %}body{% else %}no{% endfor %}.
type forStmt struct {
	target    target
	x         expr
	test      expr
	body, no  []stmt
	loop      int // the symbol of the name loop
	recursive bool
	captures  bool // the body defines macros, which keep their round's names
	at        int
}

func (s *forStmt) exec(f *frame, out *output) (signal, error) {
	v, err := s.x.eval(f)
	if err != nil {
		return ended, err
	}
	err = s.over(f, out, v, 0)
	return ended, locate(f.in.t.source, s.at, err)
}

// over runs the loop over v; depth counts recursive calls.
func (s *forStmt) over(f *frame, out *output, v values.Value, depth int) error {
	items, err := Iterate(v)
	if err != nil {
		return err
	}
	if s.test != nil {
		if items, err = s.filter(f, items); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		_, err := execAll(s.no, f.inner(), out)
		return err
	}
	l := &loop{stmt: s, frame: f, items: items, depth: depth}
	if err := s.rounds(l, out); err != nil || l.finished {
		return err
	}
	_, err = execAll(s.no, f.inner(), out) // Jinja's else also follows where no round reached its end
	return err
}

func (s *forStmt) rounds(l *loop, out *output) error {
	inner := l.frame.inner()
	self := values.FromObject(l)
	for i, item := range l.items {
		if err := l.frame.in.spend(1); err != nil {
			return err
		}
		if s.captures {
			inner = l.frame.inner()
		}
		inner.vars = append(inner.vars[:0], binding{s.loop, self})
		l.at = i
		if err := s.target.assign(inner, item); err != nil {
			return err
		}
		sig, err := execAll(s.body, inner, out)
		if err != nil {
			return err
		}
		if sig == broken {
			break
		}
		l.finished = l.finished || sig == ended
	}
	return nil
}

func (s *forStmt) filter(f *frame, items []values.Value) ([]values.Value, error) {
	kept := make([]values.Value, 0, len(items))
	inner := f.inner()
	for _, item := range items {
		if err := f.in.spend(1); err != nil {
			return nil, err
		}
		inner.vars = inner.vars[:0]
		if err := s.target.assign(inner, item); err != nil {
			return nil, err
		}
		ok, err := truthOf(inner, s.test)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// loop is the variable of that name inside a for.
type loop struct {
	stmt    *forStmt
	frame   *frame
	items   []values.Value
	at      int
	depth   int
	last    []values.Value // what changed() last saw
	changes bool
	// finished tells that a round ran to its end, without break or continue.
	finished bool
}

// TypeName is what type_debug and messages show.
func (l *loop) TypeName() string { return "LoopContext" }

// Attr gives the counters and functions of the loop.
func (l *loop) Attr(name string) (values.Value, bool, error) {
	n := len(l.items)
	switch name {
	case "index":
		return values.Int(int64(l.at + 1)), true, nil
	case "index0":
		return values.Int(int64(l.at)), true, nil
	case "revindex":
		return values.Int(int64(n - l.at)), true, nil
	case "revindex0":
		return values.Int(int64(n - l.at - 1)), true, nil
	case "first":
		return values.Bool(l.at == 0), true, nil
	case "last":
		return values.Bool(l.at == n-1), true, nil
	case "length":
		return values.Int(int64(n)), true, nil
	case "depth":
		return values.Int(int64(l.depth + 1)), true, nil
	case "depth0":
		return values.Int(int64(l.depth)), true, nil
	case "previtem":
		return l.neighbour(l.at-1, "there is no previous item"), true, nil
	case "nextitem":
		return l.neighbour(l.at+1, "there is no next item"), true, nil
	case "cycle":
		return Func(name, l.cycle), true, nil
	case "changed":
		return Func(name, l.changed), true, nil
	}
	return values.Null, false, nil
}

func (l *loop) neighbour(i int, hint string) values.Value {
	if i < 0 || i >= len(l.items) {
		return undefined("loop", hint)
	}
	return l.items[i]
}

func (l *loop) cycle(c *Call) (values.Value, error) {
	if len(c.Args) == 0 {
		return values.Null, typeErrorf("loop.cycle() needs the items to cycle through")
	}
	return c.Args[l.at%len(c.Args)], nil
}

func (l *loop) changed(c *Call) (values.Value, error) {
	same := l.changes && values.Equal(values.FromSlice(l.last), values.FromSlice(c.Args))
	l.last, l.changes = c.Args, true
	return values.Bool(!same), nil
}

// Call is loop(items) in a recursive loop: the loop once more, over items.
func (l *loop) Call(c *Call) (values.Value, error) {
	if !l.stmt.recursive {
		return values.Null, typeErrorf("the loop is not recursive: write {%% for ... recursive %%} to call it")
	}
	if len(c.Args) != 1 {
		return values.Null, typeErrorf("loop() takes what to loop over and nothing else")
	}
	if err := l.frame.in.enter(); err != nil {
		return values.Null, err
	}
	defer l.frame.in.leave()
	out := captured(l.frame.in.run)
	if err := l.stmt.over(l.frame, out, c.Args[0], l.depth+1); err != nil {
		return values.Null, err
	}
	return out.joined()
}
