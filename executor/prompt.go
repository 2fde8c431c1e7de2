package executor

import (
	"context"
	"fmt"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// ask asks the operator what vars_prompt wants to know and -e did not tell.
func (p *play) ask(ctx context.Context) error {
	answers := values.NewMap(len(p.src.VarsPrompt))
	for _, q := range p.src.VarsPrompt {
		if p.isExtra(q.Name) {
			continue
		}
		answer, err := remember(p.run, "prompt "+p.path+" "+q.Name, func() (values.Value, error) { return p.askOne(ctx, q) })
		if err != nil {
			return fmt.Errorf("%s: vars_prompt %q: %w", q.Pos, q.Name, err)
		}
		answers.Set(q.Name, answer)
		p.prompts = answers
	}
	return nil
}

func (p *play) isExtra(name string) bool {
	for _, source := range p.plain().Explain(name) {
		if source.Level == variables.ExtraVars {
			return true
		}
	}
	return false
}

// askOne asks one question. Its default, or nothing, is the answer where none is typed.
func (p *play) askOne(ctx context.Context, q playbooks.Prompt) (values.Value, error) {
	w, err := p.wording(q)
	if err != nil {
		return values.Null, err
	}
	interactive := p.Terminal != nil && p.Terminal.Interactive()
	answer := ""
	if !interactive {
		p.warn("", fmt.Sprintf("not asking for %q, because there is no terminal: its default is used", q.Name))
	} else if answer, err = p.answer(ctx, w); err != nil {
		return values.Null, err
	}
	switch {
	case answer == "" && q.Default.IsNull() && !interactive:
		return values.Null, nil
	case answer == "":
		answer = w.fallback
	case w.hidden:
		p.Secrets.Add(answer)
	}
	if answer, err = p.hashed(q, answer); err != nil {
		return values.Null, err
	}
	value := values.String(answer)
	if w.unsafe {
		value = value.MarkUnsafe()
	}
	return value, nil
}

// hashed is the answer as encrypt wants it, as the filter password_hash makes it.
func (p *play) hashed(q playbooks.Prompt, answer string) (string, error) {
	if q.Encrypt.IsNull() {
		return answer, nil
	}
	vars, arguments := values.NewMap(4), ""
	vars.Set("answer", values.String(answer).MarkUnsafe())
	vars.Set("kind", q.Encrypt)
	for name, v := range map[string]values.Value{"salt": q.Salt, "salt_size": q.SaltSize} {
		if !v.IsNull() {
			vars.Set(name, v)
			arguments += ", " + name + "=" + name
		}
	}
	return p.plain().With(vars).Text(values.String("{{ answer | password_hash(kind | regex_replace('_crypt$', '')" + arguments + ") }}"))
}

// answer asks until both answers are the same, where confirm wants that.
func (p *play) answer(ctx context.Context, w wording) (string, error) {
	for {
		first, err := p.Terminal.Prompt(ctx, w.text, !w.hidden)
		if err != nil || !w.confirm {
			return first, err
		}
		second, err := p.Terminal.Prompt(ctx, "confirm "+w.text, !w.hidden)
		if err != nil || first == second {
			return first, err
		}
		p.tell(Warning{Text: "the values entered do not match"})
	}
}

// wording is a question with its templates evaluated.
type wording struct {
	text, fallback          string
	hidden, confirm, unsafe bool
}

func (p *play) wording(q playbooks.Prompt) (w wording, err error) {
	scope := p.plain()
	w = wording{text: q.Name, hidden: true}
	for _, part := range []struct {
		written values.Value
		to      *string
	}{{q.Prompt, &w.text}, {q.Default, &w.fallback}} {
		if part.written.IsNull() {
			continue
		}
		if *part.to, err = scope.Text(part.written); err != nil {
			return w, err
		}
	}
	for _, part := range []struct {
		written values.Value
		to      *bool
	}{{q.Private, &w.hidden}, {q.Confirm, &w.confirm}, {q.Unsafe, &w.unsafe}} {
		if part.written.IsNull() {
			continue
		}
		if *part.to, err = scope.Bool(part.written); err != nil {
			return w, err
		}
	}
	if w.fallback != "" {
		w.text += " [" + w.fallback + "]"
	}
	w.text += ": "
	return w, nil
}
