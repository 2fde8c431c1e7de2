package variables

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// playState is what a Store works out once for a play.
type playState struct {
	// roles are those whose vars and defaults the whole play sees: the play's own, then
	// those that tasks import, then those included with public.
	roles []*playbooks.RoleUse
}

func (s *Store) play(p *playbooks.Play) *playState {
	s.mu.RLock()
	state := s.plays[p]
	s.mu.RUnlock()
	if state != nil {
		return state
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.playLocked(p)
}

func (s *Store) playLocked(p *playbooks.Play) *playState {
	if s.plays[p] == nil {
		s.plays[p] = &playState{roles: visibleRoles(p)}
	}
	return s.plays[p]
}

// Expose makes the defaults and vars of a role that was included with public: true
// visible to the rest of the play.
func (s *Store) Expose(p *playbooks.Play, role *playbooks.RoleUse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.playLocked(p).roles
	s.plays[p] = &playState{roles: append(old[:len(old):len(old)], role)}
}

func (s *Store) playRoles(p *playbooks.Play) []*playbooks.RoleUse {
	if p == nil {
		return nil
	}
	return s.play(p).roles
}

func visibleRoles(p *playbooks.Play) []*playbooks.RoleUse {
	roles := slices.Clone(p.Roles)
	for _, list := range [][]playbooks.Node{p.PreTasks, p.Tasks, p.PostTasks} {
		roles = appendImported(roles, list)
	}
	for _, h := range p.Handlers {
		roles = appendImported(roles, []playbooks.Node{h.Node})
	}
	return roles
}

func appendImported(roles []*playbooks.RoleUse, list []playbooks.Node) []*playbooks.RoleUse {
	for _, node := range list {
		b, ok := node.(*playbooks.Block)
		if !ok {
			continue
		}
		if b.RoleUse != nil {
			roles = append(roles, b.RoleUse)
		}
		for _, part := range [][]playbooks.Node{b.Body, b.Rescue, b.Always} {
			roles = appendImported(roles, part)
		}
	}
	return roles
}

// loadedFile is a file of variables.
type loadedFile struct {
	path string
	vars *values.Map
	err  error
}

// varsFiles loads the vars_files of the play as they are for c, weakest first.
func (s *Store) varsFiles(c Context) ([]loadedFile, error) {
	if len(c.Play.VarsFiles) == 0 {
		return nil, nil
	}
	early := s.Scope(Context{Ctx: c.Ctx, Host: c.Host, Play: c.Play, Hosts: c.Hosts, Prompts: c.Prompts})
	early.sources, early.failed = s.early(early.c)
	early.ordered = true
	var files []loadedFile
	var errs []error
	for _, entry := range c.Play.VarsFiles {
		f, err := s.varsFile(early, c, entry)
		if err != nil {
			errs = append(errs, err)
		}
		if f.vars != nil {
			files = append(files, f)
		}
	}
	return files, errors.Join(errs...)
}

// varsFile loads an entry of vars_files: a file, or a list of which the first that
// exists counts.
func (s *Store) varsFile(early *Scope, c Context, entry values.Value) (loadedFile, error) {
	choices := entry.Items()
	if entry.Kind() != values.KindList {
		choices = []values.Value{entry}
	}
	var tried []string
	for _, choice := range choices {
		name, err := early.Text(choice)
		var undefined *jinja.UndefinedError
		if errors.As(err, &undefined) && (c.Task == nil || s.Facts(c.Host).Len() == 0) {
			continue // nothing is known of the host yet; Ansible goes on here too
		}
		if err != nil {
			return loadedFile{}, fmt.Errorf("name of a vars_files entry: %w", err)
		}
		path, looked := early.Finder().Find("vars", name)
		if path == "" {
			tried = append(tried, looked...)
			continue
		}
		m, err := s.LoadVars(path)
		return loadedFile{path: path, vars: m}, err
	}
	if len(tried) == 0 {
		return loadedFile{}, nil
	}
	return loadedFile{}, &MissingFileError{Pos: entry.Pos(), Name: values.Repr(entry), Tried: tried}
}

// MissingFileError is an entry of vars_files that names no file.
type MissingFileError struct {
	Pos values.Position
	// Name is the entry as it was written.
	Name string
	// Tried are the paths that were looked at.
	Tried []string
}

// Error gives file:line:col, the name, and where it was looked for.
func (e *MissingFileError) Error() string {
	return fmt.Sprintf("%svars file %s was not found; looked at %s", at(e.Pos), e.Name, strings.Join(e.Tried, ", "))
}

// CheckVarsFiles reads the vars_files of a play as they are for hosts before it begins,
// and gives what is wrong with them, each mistake once. Names that nothing defines yet are
// left out.
func (s *Store) CheckVarsFiles(p *playbooks.Play, hosts []string) []error {
	seen := map[string]bool{}
	var all []error
	for _, host := range hosts {
		_, err := s.varsFiles(Context{Host: host, Play: p})
		for _, e := range split(err) {
			if !seen[e.Error()] {
				seen[e.Error()] = true
				all = append(all, e)
			}
		}
	}
	return all
}

// LoadVars reads a file of variables, YAML or JSON, encrypted or not. A file is read
// once in a run.
func (s *Store) LoadVars(path string) (*values.Map, error) {
	path = filepath.Clean(path)
	s.mu.RLock()
	f, ok := s.files[path]
	s.mu.RUnlock()
	if !ok {
		f.vars, f.err = s.readVars(path)
		s.mu.Lock()
		s.files[path] = f
		s.mu.Unlock()
	}
	return f.vars, f.err
}

func (s *Store) readVars(path string) (*values.Map, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read variables: %w", err)
	}
	s.tell(path, src)
	v, warnings, err := parseVars(src, path, s.options.Vault)
	for _, w := range warnings {
		if s.options.WarnAt != nil {
			s.options.WarnAt(w.Pos, w.Msg)
		}
	}
	if err != nil {
		return nil, err
	}
	if v.IsNull() {
		return values.NewMap(0), nil
	}
	m, ok := v.AsMap()
	if !ok {
		return nil, fmt.Errorf("%s must be stored as a dictionary/hash", path)
	}
	return m, nil
}

// parseVars reads YAML or JSON that may be encrypted as a whole.
func parseVars(src []byte, file string, vault Vault) (values.Value, []yaml.Warning, error) {
	secret := isVaultText(src)
	if secret {
		plain, err := decrypt(vault, src)
		if err != nil {
			return values.Null, nil, fmt.Errorf("%s: %w", file, err)
		}
		src = plain
	}
	v, warnings, err := yaml.Load(src, file)
	if secret {
		v = v.MarkSecret()
	}
	return v, warnings, err
}

func (s *Store) tell(path string, content []byte) {
	if s.options.Told != nil {
		s.options.Told(path, content)
	}
}

// ReadFile gives a file's content, decrypted where it is encrypted; secret says that it was.
func (s *Store) ReadFile(path string) (data []byte, secret bool, err error) {
	data, err = os.ReadFile(path)
	s.tell(path, data)
	if err != nil || !isVaultText(data) {
		return data, false, err
	}
	plain, err := decrypt(s.options.Vault, data)
	if err != nil {
		return nil, true, fmt.Errorf("%s: %w", path, err)
	}
	return plain, true, nil
}

var errNoVault = errors.New("this is encrypted, and no vault password was given: use --ask-vault-pass or --vault-password-file")

func isVaultText(src []byte) bool {
	return strings.HasPrefix(string(src[:min(len(src), 14)]), "$ANSIBLE_VAULT")
}

func decrypt(vault Vault, text []byte) ([]byte, error) {
	if vault == nil {
		return nil, errNoVault
	}
	return vault.Decrypt(text)
}
