# `cargo plugin …` is completed here, everything else by cargo's own completions, where there are any.
_cargo_or_plugin() {
    local at=1
    if [[ "${COMP_WORDS[1]}" == +* ]]; then
        at=2
    fi
    if [[ "${COMP_WORDS[at]}" == plugin && "${COMP_CWORD}" -gt "${at}" ]]; then
        local all=("${COMP_WORDS[@]}")
        local COMP_CWORD=$((COMP_CWORD - at))
        local COMP_WORDS=(cargo_plugin "${all[@]:at+1}")
        _cargo_plugin cargo_plugin "$2" "$3"
        return
    fi
    if ! declare -F _cargo >/dev/null; then
        # The package bash-completion loads completions when they are first asked for, and registers them instead of these.
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader cargo
        fi
        complete -F _cargo_or_plugin -o bashdefault -o default cargo
    fi
    if declare -F _cargo >/dev/null; then
        _cargo "$@"
    fi
}
complete -F _cargo_or_plugin -o bashdefault -o default cargo
