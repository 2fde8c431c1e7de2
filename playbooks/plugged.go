package playbooks

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// plugged is what a load knows of plugins. As in Ansible, those of all roles count for the whole
// playbook, and so for what was read before the role: then it is read once more.
type plugged struct {
	// doubted says that a template was found wrong, and hasty that plugins came after that.
	doubted, hasty bool
	refused        bool // a plugin cannot be used, which is told once
}

// plugins makes the plugins known that lie in the directory of a playbook or a role.
func (p *parser) plugins(dir string, pos values.Position) {
	if p.l.options.Plugins == nil || strings.HasPrefix(dir, stockPrefix) {
		return
	}
	grew, err := p.l.options.Plugins(dir)
	if grew && p.doubted {
		p.hasty = true
	}
	if err != nil && !p.refused {
		p.refused = true
		p.mistake(pos, err.Error(), "")
	}
}

// pluginsOfInclude makes those of an included role known before the run, where its name is
// written plainly: templates elsewhere may use them once it was included.
func (p *parser) pluginsOfInclude(role values.Value, at place) {
	name, ok := role.AsString()
	if !ok || name == "" || isTemplate(role) {
		return
	}
	quiet := &parser{l: p.l}
	if dir, ok := quiet.findRole(name, role.Pos(), at); ok {
		p.plugins(dir, role.Pos())
	}
}

// check gives what is wrong in a template, or in a bare expression.
func (p *parser) check(v values.Value, asExpression bool) []error {
	errs := p.l.options.CheckTemplate(v, asExpression)
	p.doubted = p.doubted || len(errs) > 0
	return errs
}

// warning is told once it is known that the reading counts.
type warning struct {
	pos  values.Position
	text string
}

func (p *parser) warn(pos values.Position, text string) {
	if p.holds {
		p.held = append(p.held, warning{pos, text})
		return
	}
	p.l.warn(pos, text)
}

func (p *parser) tellWarnings() {
	for _, w := range p.held {
		p.l.warn(w.pos, w.text)
	}
}

// forgetRoles makes the next load read roles anew.
func (l *Loader) forgetRoles() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.roles)
}
