// Health reads objects with the health scripts of Argo CD for them, and says what GitOps tools would make of each: Flux
// and others by kstatus, Argo CD by the script.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type question struct {
	Object json.RawMessage `json:"object"`
	Script string          `json:"script"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type answer struct {
	Kstatus verdict `json:"kstatus"`
	Argo    verdict `json:"argo"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run answers a list of questions with a list of answers.
func run(in io.Reader, out io.Writer) error {
	var questions []question
	if err := json.NewDecoder(in).Decode(&questions); err != nil {
		return err
	}
	answers := make([]answer, len(questions))
	for at, one := range questions {
		kstatus, err := byKstatus(one.Object)
		if err != nil {
			return err
		}
		argo, err := byScript(one.Object, one.Script)
		if err != nil {
			return err
		}
		answers[at] = answer{kstatus, argo}
	}
	return json.NewEncoder(out).Encode(answers)
}

func byKstatus(object []byte) (verdict, error) {
	var u unstructured.Unstructured
	if err := u.UnmarshalJSON(object); err != nil {
		return verdict{}, err
	}
	result, err := status.Compute(&u)
	if err != nil {
		return verdict{}, err
	}
	return verdict{result.Status.String(), result.Message}, nil
}

// byScript runs the script as Argo CD does unless told otherwise: without Lua's libraries but base and table, and the
// object in the global variable obj.
func byScript(object []byte, script string) (verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	value, err := luajson.Decode(state, object)
	if err != nil {
		return verdict{}, err
	}
	state.SetGlobal("obj", value)
	if err := state.DoString(script); err != nil {
		return verdict{}, err
	}
	said, err := luajson.Encode(state.Get(-1))
	if err != nil {
		return verdict{}, err
	}
	var v verdict
	return v, json.Unmarshal(said, &v)
}
