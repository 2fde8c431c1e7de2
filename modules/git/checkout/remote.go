package checkout

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// target is what the version means.
type target struct {
	// commit is empty where only a fetch can tell: the beginning of a hash.
	commit string
	// branch or tag is its name, where the version is one.
	branch, tag string
	// ref is another full name on the remote, such as refs/pull/7/head.
	ref string
}

var (
	fullHash  = regexp.MustCompile(`^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`)
	shortHash = regexp.MustCompile(`^[0-9a-fA-F]{4,64}$`)
)

// find asks the remote what the version means: a branch before a tag before a commit.
func (r Repository) find(ctx context.Context, sys modules.System, exists bool) (target, error) {
	if fullHash.MatchString(r.Version) {
		return target{commit: strings.ToLower(r.Version)}, nil
	}
	refs, err := r.listRemote(ctx, sys)
	if err != nil {
		return target{}, err
	}
	name := strings.TrimPrefix(strings.TrimPrefix(r.Version, "refs/heads/"), r.Remote+"/")
	tag := strings.TrimPrefix(r.Version, "refs/tags/")
	switch {
	case r.Version == "HEAD" && refs["HEAD"] != "":
		return target{commit: refs["HEAD"], branch: refs["-> HEAD"]}, nil
	case refs["refs/heads/"+r.Version] != "":
		return target{commit: refs["refs/heads/"+r.Version], branch: r.Version}, nil
	case refs["refs/tags/"+tag+"^{}"] != "":
		return target{commit: refs["refs/tags/"+tag+"^{}"], tag: tag}, nil
	case refs["refs/tags/"+tag] != "":
		return target{commit: refs["refs/tags/"+tag], tag: tag}, nil
	case refs["refs/heads/"+name] != "":
		return target{commit: refs["refs/heads/"+name], branch: name}, nil
	case refs[r.Version] != "":
		return target{commit: refs[r.Version], ref: r.Version}, nil
	}
	return r.findHash(ctx, sys, exists)
}

// findHash looks for the beginning of a hash in what was fetched before.
func (r Repository) findHash(ctx context.Context, sys modules.System, exists bool) (target, error) {
	if r.Version == "HEAD" {
		return target{}, fmt.Errorf("the repository %s has no HEAD: it is empty, or its main branch is missing", withoutPassword(r.URL))
	}
	if !shortHash.MatchString(r.Version) {
		return target{}, r.unknownVersion()
	}
	if !exists {
		return target{}, nil
	}
	commit, err := r.look(ctx, sys, "rev-parse", "--verify", "--quiet", r.Version+"^{commit}")
	if err != nil {
		commit = "" // it was not fetched yet
	}
	return target{commit: commit}, nil
}

func (r Repository) unknownVersion() error {
	return fmt.Errorf("version %q is no branch, tag or commit of %s; git ls-remote shows what there is", r.Version, withoutPassword(r.URL))
}

// listRemote gives the commits of the names that the version may mean. Under "-> HEAD"
// is the branch that HEAD stands for.
func (r Repository) listRemote(ctx context.Context, sys modules.System) (map[string]string, error) {
	v := r.Version
	names := []string{"HEAD"}
	if v != "HEAD" {
		tag := strings.TrimPrefix(v, "refs/tags/")
		branch := strings.TrimPrefix(strings.TrimPrefix(v, "refs/heads/"), r.Remote+"/")
		names = []string{"refs/heads/" + v, "refs/heads/" + branch, "refs/tags/" + tag, "refs/tags/" + tag + "^{}", v}
	}
	out, err := modules.Query(ctx, sys, r.command("", append([]string{"ls-remote", "--symref", "--", r.URL}, names...)...))
	if err != nil {
		return nil, r.explain(sys, err)
	}
	refs := map[string]string{}
	for line := range strings.Lines(out.Stdout) {
		value, name, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		if branch, ok := strings.CutPrefix(value, "ref: refs/heads/"); ok {
			refs["-> "+name] = branch
			continue
		}
		refs[name] = value
	}
	return refs, nil
}
