// Package docs holds the prose and the examples of the modules, and prints them together
// with what the code says about their parameters.
package docs

import (
	"embed"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

//go:embed *.md
var files embed.FS

// Text is the prose of a module, in Markdown: a heading, a sentence that says what it
// does, what else is to be known, and examples in YAML.
func Text(name string) (string, bool) {
	content, err := files.ReadFile(name + ".md")
	return string(content), err == nil
}

// Summary is the sentence that says what a module does.
func Summary(name string) string {
	text, _ := Text(name)
	for block := range strings.SplitSeq(text, "\n\n") {
		if block = strings.TrimSpace(block); block != "" && !strings.HasPrefix(block, "#") {
			return strings.Join(strings.Fields(block), " ")
		}
	}
	return ""
}

// Examples are the YAML texts in a module's prose, each a list of tasks.
func Examples(name string) []string {
	text, _ := Text(name)
	var examples []string
	for {
		_, rest, found := strings.Cut(text, "```yaml\n")
		if !found {
			return examples
		}
		example, after, _ := strings.Cut(rest, "```")
		examples = append(examples, example)
		text = after
	}
}

// Render prints a module's documentation for a terminal.
func Render(spec modules.Spec) string {
	text, _ := Text(spec.Name)
	prose, examples, _ := strings.Cut(text, "\n## Examples")
	_, prose, _ = strings.Cut(prose, "\n")
	var b strings.Builder
	title(&b, spec)
	if prose = strings.TrimSpace(prose); prose != "" {
		fmt.Fprintf(&b, "\n%s\n", prose)
	}
	b.WriteString("\nPARAMETERS\n\n")
	parameters := spec.Parameters()
	if len(parameters) == 0 {
		b.WriteString("  none\n")
	}
	for _, p := range parameters {
		parameter(&b, p, "  ")
	}
	if examples = unfenced(examples); examples != "" {
		fmt.Fprintf(&b, "EXAMPLES\n\n%s", examples)
	}
	return b.String()
}

func title(b *strings.Builder, spec modules.Spec) {
	b.WriteString(strings.ToUpper(spec.Name))
	if len(spec.Aliases) > 0 {
		fmt.Fprintf(b, " (also %s)", strings.Join(spec.Aliases, ", "))
	}
	fmt.Fprintf(b, "\nruns %s; %s\n", places[spec.Where], checks[spec.Check])
}

var places = map[modules.Where]string{
	modules.OnHost:       "on the host",
	modules.OnController: "beside gdeploy, not on the host",
	modules.OnConnection: "on the connection itself",
}

var checks = map[modules.CheckMode]string{
	modules.Predict: "a dry run tells what it would change",
	modules.Skip:    "a dry run leaves it out",
}

func parameter(b *strings.Builder, p modules.Parameter, indent string) {
	name := p.Name
	if name == "*" {
		name = "(any name)"
	}
	fmt.Fprintf(b, "%s%s  (%s)\n", indent, name, strings.Join(facts(p), ", "))
	fmt.Fprintf(b, "%s    %s\n\n", indent, p.Help)
	for _, inner := range p.Options {
		parameter(b, inner, indent+"    ")
	}
}

// facts are what the code knows of a parameter, in a few words each.
func facts(p modules.Parameter) []string {
	var list []string
	switch {
	case p.Rendered:
		list = append(list, "template on the controller")
	case p.From != "":
		list = append(list, map[string]string{"blob": "file on the controller", "tree": "file or directory on the controller", "list": "files on the controller"}[p.Type])
	case p.Elements != "":
		list = append(list, p.Type+" of "+p.Elements)
	default:
		list = append(list, p.Type)
	}
	if p.Required {
		list = append(list, "required")
	}
	if p.HasDefault && p.Default != "" {
		list = append(list, fmt.Sprintf("default %s", shown(p.Default)))
	}
	if len(p.Choices) > 0 {
		list = append(list, "one of "+strings.Join(p.Choices, " "))
	}
	if len(p.Aliases) > 0 {
		list = append(list, "also "+strings.Join(p.Aliases, " "))
	}
	if p.Secret {
		list = append(list, "never shown")
	}
	return list
}

func shown(text string) string {
	if strings.ContainsAny(text, "\n\r\t") {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// unfenced takes the fences off code, and indents it instead.
func unfenced(markdown string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(strings.TrimSpace(markdown)) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside && strings.TrimSpace(line) != "":
			b.WriteString("  " + line)
		default:
			b.WriteString(line)
		}
	}
	return b.String()
}
