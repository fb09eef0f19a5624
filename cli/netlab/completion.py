"""`netlab completion`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Shell = Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", hidden=True)]

SCRIPTS = {
    "bash": """\
# netlab's completion for bash, 4.4 or later
_netlab() {
    mapfile -t COMPREPLY < <(
        _NETLAB_COMPLETE=bash _NETLAB_BREAKS="$COMP_WORDBREAKS" "$1" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
    )
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=./] ]]; then
        compopt -o nospace
    fi
}
complete -o bashdefault -o default -F _netlab netlab
""",
    "zsh": """\
#compdef netlab
# netlab's completion for zsh
_netlab() {
    local line word
    local -a whole begun
    for line in "${(@f)$(_NETLAB_COMPLETE=zsh "${words[1]}" "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        word="${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}"
        case "${line%%$'\\t'*}" in
            '') ;;
            *[=./]) begun+=("$word") ;;
            *) whole+=("$word") ;;
        esac
    done
    if (( ! $#whole && ! $#begun )); then
        _files
        return
    fi
    (( $#whole )) && _describe netlab whole
    (( $#begun )) && _describe netlab begun -S ''
}
compdef _netlab netlab
""",
    "fish": """\
# netlab's completion for fish
function __netlab_complete
    set -l words (commandline -opc)
    set -l found (_NETLAB_COMPLETE=fish $words[1] $words[2..-1] (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c netlab -f -a '(__netlab_complete)'
""",
}
"""Each asks `netlab.completing`, and leaves to the shell what it answers nothing to: files and folders."""


def completion(shell: Shell) -> None:
    """Print what makes a shell complete verbs, options, configs, keys of configs, runs and layers.

    \b
    SHELL  bash, zsh or fish

    Once, for all shells that are started later:

    \b
    netlab completion bash >> ~/.bashrc
    netlab completion zsh >> ~/.zshrc        (after the line with compinit)
    netlab completion fish > ~/.config/fish/completions/netlab.fish

    Then the tabulator key completes:

    \b
    netlab train configs/digits_mlp.yaml train.opt<TAB>
    netlab train configs/digits_mlp.yaml model.hidden.activation=<TAB>
    netlab eval --checkpoint runs/<TAB>
    """
    print(SCRIPTS[shell], end="")
