package executor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/executor"
)

// BenchmarkTasks is what the executor itself costs: hosts that answer at once.
func BenchmarkTasks(b *testing.B) {
	for _, hosts := range []int{10, 1000} {
		b.Run(fmt.Sprintf("%d hosts x 50 tasks", hosts), func(b *testing.B) {
			var play strings.Builder
			fmt.Fprintf(&play, "-- inventory --\nh[1:%d]\n-- play.yml --\n- hosts: all\n  gather_facts: false\n  vars: {greeting: 'hello {{ inventory_hostname }}'}\n  tasks:\n", hosts)
			for i := range 50 {
				fmt.Fprintf(&play, "    - do: '{{ greeting }} %d'\n      when: greeting != ''\n", i)
			}
			archive := txtar.Parse([]byte(play.String()))
			for b.Loop() {
				f := newFixture(b, unpack(b, archive), nil)
				if _, err := executor.Run(context.Background(), f.request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
