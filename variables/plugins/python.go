package plugins

import (
	"bufio"
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// maxFrame bounds what plugins may answer.
const maxFrame = 1 << 28

// Common is the Python source of what stands in for Ansible's library for plugins, and for modules
// on hosts, alike.
func Common() []byte {
	src, _ := sources.ReadFile("python/common.py")
	return src
}

// loading is how long Python may take to start, and then to load plugins: a busy machine needs a
// while to import Ansible.
func (p *python) loading() time.Duration { return max(p.options.Timeout, time.Minute) }

//go:embed python/*.py
var sources embed.FS

// python is the process. One call runs at a time; while it waits for an answer of gdeploy,
// others may, so that the answer can use plugins itself.
type python struct {
	options Options
	token   string
	turn    chan struct{}

	mu   sync.Mutex
	live *process // nil where none runs
	last int64    // the number of the last call
}

// process is one life of it.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *lines
	gone  chan struct{} // closed when it has ended

	mu      sync.Mutex
	waiting map[int64]chan *values.Map // where the calls wait for their answers
	why     string                     // why it was ended; empty where it ended by itself
}

func newPython(o Options) *python {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	return &python{options: o, token: hex.EncodeToString(random), turn: make(chan struct{}, 1)}
}

// answerer answers what a plugin asks during its call.
type answerer func(what string, q *values.Map) (values.Value, error)

// endedError says that the process ended under a call.
type endedError struct{ why string }

// Error says why.
func (e *endedError) Error() string { return e.why }

// call sends a call and gives its answer, which has either result or error. The plugin may take
// as long as limit says, without the time that it waits for answers.
func (p *python) call(ctx context.Context, limit time.Duration, frame *values.Map, answer answerer) (*values.Map, error) {
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	defer p.give()
	life, id, answers, err := p.begin(frame)
	if err != nil {
		return nil, err
	}
	defer life.forget(id)
	left := limit
	for {
		started := time.Now()
		got, err := p.wait(ctx, life, answers, left, limit)
		if err != nil || !got.Has("ask") {
			return got, err
		}
		left -= time.Since(started)
		p.give()
		reply := answered(got, answer)
		p.turn <- struct{}{}
		if err := life.send(reply); err != nil {
			return nil, life.ended()
		}
	}
}

func (p *python) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *python) give() { <-p.turn }

// begin sends a call to the process, which is started where none runs.
func (p *python) begin(frame *values.Map) (*process, int64, chan *values.Map, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil && p.live.isGone() {
		p.live = nil
	}
	if p.live == nil {
		life, err := p.start()
		if err != nil {
			return nil, 0, nil, err
		}
		p.live = life
	}
	p.last++
	answers := p.live.expect(p.last)
	frame.Set("id", values.Int(p.last))
	if err := p.live.send(frame); err != nil {
		p.live.forget(p.last)
		var notData *values.NotData
		if errors.As(err, &notData) {
			return nil, 0, nil, err
		}
		return nil, 0, nil, p.live.ended()
	}
	return p.live, p.last, answers, nil
}

// expect makes the place where a call waits for its answers.
func (l *process) expect(id int64) chan *values.Map {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[id] = make(chan *values.Map, 1)
	return l.waiting[id]
}

func (l *process) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, id)
}

// wait waits for what the process says of a call. What takes too long, or is not wanted any
// more, ends the process: there is no other way to end what runs in it.
func (p *python) wait(ctx context.Context, life *process, answers chan *values.Map, left, limit time.Duration) (*values.Map, error) {
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case got := <-answers:
		return got, nil
	case <-life.gone:
		select {
		case got := <-answers: // it was said before the end
			return got, nil
		default:
			return nil, life.ended()
		}
	case <-timer.C:
		p.end(life, fmt.Sprintf("it took longer than %s (setting plugins_timeout)", limit))
		return nil, life.ended()
	case <-ctx.Done():
		p.end(life, context.Cause(ctx).Error())
		<-life.gone // the next call starts another one
		return nil, context.Cause(ctx)
	}
}

// answered gives the answer to a question.
func answered(q *values.Map, answer answerer) *values.Map {
	what, _ := q.Get("what")
	ask, _ := q.Get("ask")
	reply := values.NewMap(2)
	reply.Set("answer", ask)
	v, err := answer(values.Text(what), q)
	if err != nil {
		reply.Set(errorKey(err), values.String(err.Error()))
		return reply
	}
	reply.Set("value", v)
	return reply
}

// start starts the process and waits until it is ready.
func (p *python) start() (*process, error) {
	program, err := sources.ReadFile("python/start.py")
	if err != nil {
		return nil, err
	}
	life := &process{cmd: exec.Command(p.options.Python, "-c", string(program)), gone: make(chan struct{}),
		waiting: map[int64]chan *values.Map{}, lines: &lines{print: p.options.Print}}
	life.cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
	life.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for gdeploy
	life.cmd.Stderr = life.lines
	life.cmd.WaitDelay = time.Second // what a plugin left running may hold its output open
	if life.in, err = life.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	life.cmd.Stdout = ours
	err = life.cmd.Start()
	ours.Close()
	if err != nil {
		out.Close()
		return nil, err
	}
	ready := life.expect(0)
	go p.read(life, out)
	if err := life.sendBytes(p.hello()); err != nil {
		return nil, life.ended()
	}
	if _, err := p.wait(context.Background(), life, ready, p.loading(), p.loading()); err != nil {
		return nil, err
	}
	return life, nil
}

// hello is the first frame: the program, and what it must know.
func (p *python) hello() []byte {
	hello := values.NewMap(6)
	for _, name := range []string{"wire", "common", "shim", "serve"} {
		src, _ := sources.ReadFile("python/" + name + ".py")
		hello.Set(name, values.String(string(src)))
	}
	hello.Set("token", values.String(p.token))
	hello.Set("settings", values.MapOf("verbosity", values.Int(int64(p.options.Verbosity)), "playbook_dir", values.String(p.options.PlaybookDir)))
	return values.JSON(values.FromMap(hello))
}

// read hands what the process says to the calls that wait for it, until it ends.
func (p *python) read(life *process, out *os.File) {
	in := bufio.NewReader(out)
	for {
		frame, err := readFrame(in)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.end(life, "it wrote into the answers of gdeploy: "+err.Error())
			}
			break
		}
		id, _ := frame.Get("id")
		n, _ := id.AsInt() // 0 where it says that it is ready
		life.mu.Lock()
		answers := life.waiting[n]
		life.mu.Unlock()
		if answers != nil {
			answers <- frame
		}
	}
	out.Close()
	_ = life.cmd.Wait() // its state is read below
	close(life.gone)
}

func readFrame(in *bufio.Reader) (*values.Map, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, io.EOF
	}
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || n < 0 || n > maxFrame {
		return nil, fmt.Errorf("%.40q is no length of an answer up to %d bytes", line, maxFrame)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, io.EOF
	}
	v, err := values.Decode(data)
	if err != nil {
		return nil, err
	}
	m, ok := v.AsMap()
	if !ok {
		return nil, errors.New("an answer is no mapping")
	}
	return m, nil
}

// stop ends the process that runs now.
func (p *python) stop(why string) {
	p.mu.Lock()
	life := p.live
	p.live = nil
	p.mu.Unlock()
	if life != nil {
		p.end(life, why)
		<-life.gone
	}
}

// end kills the process and what it started.
func (*python) end(life *process, why string) {
	life.mu.Lock()
	if life.why == "" {
		life.why = why
	}
	life.mu.Unlock()
	_ = syscall.Kill(-life.cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
}

func (l *process) isGone() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

func (l *process) send(frame *values.Map) error {
	data, err := values.Encode(values.FromMap(frame))
	if err != nil {
		return err
	}
	return l.sendBytes(data)
}

func (l *process) sendBytes(data []byte) error {
	if _, err := io.WriteString(l.in, strconv.Itoa(len(data))+"\n"); err != nil {
		return err
	}
	_, err := l.in.Write(data)
	return err
}

// ended says why the process ended, once it has.
func (l *process) ended() error {
	<-l.gone
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why != "" {
		return &endedError{l.why}
	}
	why := "Python ended (" + l.cmd.ProcessState.String() + ")"
	if last := l.lines.lastLine(); last != "" {
		why += ": " + last
	}
	return &endedError{why}
}

// lines hands on what is printed line by line, and keeps the last one.
type lines struct {
	print func(string)

	mu   sync.Mutex
	part string
	last string
}

// Write takes more of the output.
func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part += string(data)
	for {
		line, rest, whole := strings.Cut(l.part, "\n")
		if !whole {
			return len(data), nil
		}
		l.part = rest
		l.keep(line)
	}
}

func (l *lines) keep(line string) {
	if strings.TrimSpace(line) != "" {
		l.last = strings.TrimSpace(line)
	}
	if l.print != nil {
		l.print(line)
	}
}

// lastLine gives the last line that says something, when there will be no more.
func (l *lines) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.part != "" {
		l.keep(l.part)
		l.part = ""
	}
	return l.last
}
