#compdef ackgpu
# Completion of ackgpu for zsh:  source <(ackgpu completion zsh)

_ackgpu() {
    local -a lines values
    local kind line
    lines=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    kind=$lines[1]
    shift lines
    if [[ $kind == files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P '--*='
        _files
        return
    fi
    for line in $lines; do
        line=${line//:/\\:}
        values+=("${line/$'\t'/:}")
    done
    (( $#values )) && _describe -V ackgpu values
}

if [[ ${funcstack[1]} == _ackgpu ]]; then
    _ackgpu "$@"
else
    compdef _ackgpu ackgpu
fi
