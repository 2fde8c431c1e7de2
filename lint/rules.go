package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// The rules of this package.
const (
	OldName        = "old-name"        // a variable or keyword that has a newer name
	DecimalMode    = "decimal-mode"    // file rights that were written without their 0
	MissingHandler = "missing-handler" // notify names what no handler has
)

// oldNames are variables with newer names.
var oldNames = map[string]string{
	"ansible_ssh_user": "ansible_user", "ansible_ssh_pass": "ansible_password", "ansible_ssh_host": "ansible_host",
	"ansible_ssh_port": "ansible_port", "ansible_sudo": "ansible_become", "ansible_sudo_user": "ansible_become_user",
	"ansible_sudo_pass": "ansible_become_password", "ansible_sudo_exe": "ansible_become_exe",
	"ansible_su": "ansible_become", "ansible_su_user": "ansible_become_user", "ansible_su_pass": "ansible_become_password",
}

// checker goes through the tree of a play.
type checker struct {
	found  *Findings
	loader Loader
	play   *playbooks.Play
	// open says that handlers may come that are not known before the run.
	open  bool
	names map[string]bool // those of handlers
	seen  map[string]bool // the files that were included
	notes []values.Value  // what is notified
}

// Loader reads what a task includes.
type Loader interface {
	Tasks(t *playbooks.Task, file string) (*playbooks.Block, error)
	Role(t *playbooks.Task, name string, from playbooks.RoleFrom) (*playbooks.RoleUse, error)
}

// Check finds what is doubtful in a playbook that was loaded, and in what it includes
// under names that are known before the run.
func Check(book *playbooks.Playbook, loader Loader, found *Findings) {
	for _, play := range book.Plays {
		c := checker{found: found, loader: loader, play: play, names: map[string]bool{}, seen: map[string]bool{}}
		c.checkPlay()
	}
}

func (c *checker) checkPlay() {
	c.vars(c.play.Vars)
	c.handlers(c.play.Handlers)
	c.list(c.play.PreTasks)
	for _, use := range c.play.Roles {
		c.role(use)
	}
	c.list(c.play.Tasks)
	c.list(c.play.PostTasks)
	c.missingHandlers()
}

func (c *checker) role(use *playbooks.RoleUse) {
	c.vars(use.Vars)
	c.vars(use.Params)
	if use.Role != nil {
		c.vars(use.Role.Defaults)
		c.vars(use.Role.Vars)
	}
	if use.Tasks != nil {
		c.list([]playbooks.Node{use.Tasks})
	}
}

func (c *checker) handlers(all []*playbooks.Handler) {
	for _, h := range all {
		c.list([]playbooks.Node{h.Node})
		for _, name := range append(namesIn(h.Node), h.Listen...) {
			c.handlerName(name, h.Role)
		}
	}
}

func (c *checker) handlerName(name values.Value, role *playbooks.Role) {
	text, ok := name.AsString()
	if !ok {
		return
	}
	if isTemplate(text) {
		c.open = true
	}
	c.names[text] = true
	if role != nil {
		c.names[role.Name+" : "+text] = true
	}
}

// namesIn gives the names by which a handler, or the tasks of a block, can be notified.
func namesIn(node playbooks.Node) []values.Value {
	switch n := node.(type) {
	case *playbooks.Task:
		return []values.Value{n.Name}
	case *playbooks.Block:
		names := []values.Value{n.Name}
		for _, inner := range n.Body {
			names = append(names, namesIn(inner)...)
		}
		return names
	}
	return nil
}

func (c *checker) list(nodes []playbooks.Node) {
	for _, node := range nodes {
		switch n := node.(type) {
		case *playbooks.Block:
			c.block(n)
		case *playbooks.Task:
			c.task(n)
		}
	}
}

func (c *checker) block(b *playbooks.Block) {
	c.vars(b.Vars)
	c.notes = append(c.notes, b.Notify...)
	if b.RoleUse != nil {
		c.vars(b.RoleUse.Params)
	}
	c.handlers(b.Handlers)
	for _, nodes := range [][]playbooks.Node{b.Body, b.Rescue, b.Always, b.Undo} {
		c.list(nodes)
	}
}

func (c *checker) task(t *playbooks.Task) {
	if late, ok := t.Late.(*playbooks.LateError); ok {
		for _, m := range late.Mistakes {
			c.found.Add(m.Pos, Late, Warning, m.Msg, m.Hint)
		}
	}
	c.vars(t.Vars)
	c.notes = append(c.notes, t.Notify...)
	c.mode(t)
	c.list(t.Undo)
	if t.Include != nil {
		c.include(t)
	}
}

// include checks what a task includes, where its name is known before the run.
func (c *checker) include(t *playbooks.Task) {
	name := t.Include.File
	if t.Include.Kind == "role" {
		name = t.Include.Role
	}
	text, ok := name.AsString()
	if !ok || isTemplate(text) || t.Loop != nil && strings.Contains(text, "item") {
		c.open = true
		return
	}
	if c.seen[t.Include.Kind+text+t.Pos.String()] {
		return // it includes itself
	}
	c.seen[t.Include.Kind+text+t.Pos.String()] = true
	if t.Include.Kind == "role" {
		c.includeRole(t, text)
		return
	}
	block, err := c.loader.Tasks(t, text)
	c.refused(err)
	if err == nil && block != nil {
		c.block(block)
	}
}

func (c *checker) includeRole(t *playbooks.Task, name string) {
	from := playbooks.RoleFrom{}
	for part, v := range map[*string]values.Value{&from.Tasks: t.Include.TasksFrom, &from.Vars: t.Include.VarsFrom, &from.Defaults: t.Include.DefaultsFrom, &from.Handlers: t.Include.HandlersFrom} {
		text, _ := v.AsString()
		if isTemplate(text) {
			c.open = true
			return
		}
		*part = text
	}
	use, err := c.loader.Role(t, name, from)
	c.refused(err)
	if err == nil && use != nil {
		c.handlers(use.Handlers)
		c.role(use)
	}
}

func (c *checker) refused(err error) {
	mistakes, ok := err.(playbooks.Mistakes)
	if !ok {
		return
	}
	for _, m := range mistakes {
		c.found.Add(m.Pos, Included, Error, m.Msg, m.Hint)
	}
}

func (c *checker) vars(vars *values.Map) {
	if vars == nil {
		return
	}
	for key, v := range vars.All() {
		if newer, old := oldNames[values.Text(key)]; old {
			pos := key.Pos()
			if pos.Line == 0 {
				pos = v.Pos()
			}
			c.found.Add(pos, OldName, Warning, "the variable "+values.Text(key)+" has a newer name", "use "+newer)
		}
	}
}

// seldomMeant are numbers that give rights which hardly anybody wants (0620, 0670, 0674), and
// are what somebody writes who means 0400, 0440 or 0444.
var seldomMeant = []int64{400, 440, 444}

// mode finds file rights such as 644, a decimal number in YAML; 0644 is meant.
func (c *checker) mode(t *playbooks.Task) {
	if t.Args == nil {
		return
	}
	for _, name := range []string{"mode", "directory_mode"} {
		v, ok := t.Args.Get(name)
		n, isInt := v.AsInt()
		if !ok || !isInt || n <= 0o777 && !slices.Contains(seldomMeant, n) {
			continue
		}
		text := strconv.FormatInt(n, 10)
		if meant, err := strconv.ParseInt(text, 8, 32); err == nil && meant <= 0o7777 && !slices.Contains([]int64{0o1777, 0o2775, 0o2755, 0o4755}, n) {
			c.found.Add(v.Pos(), DecimalMode, Warning, name+" "+text+" is a decimal number: the rights become "+"0"+strconv.FormatInt(n, 8), `write "0`+text+`"`)
		}
	}
}

// missingHandlers finds notifications that no handler takes: the task that changes
// something fails then.
func (c *checker) missingHandlers() {
	if c.open {
		return // more handlers may come
	}
	for _, note := range c.notes {
		if text, ok := note.AsString(); ok && !isTemplate(text) && !c.names[text] {
			c.found.Add(note.Pos(), MissingHandler, Warning, "no handler has the name "+strconv.Quote(text)+", and none listens to it", "")
		}
	}
}

func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}
