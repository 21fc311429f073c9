# Completion of ackgpu for fish:  ackgpu completion fish | source

function __ackgpu_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = files
        set -l head (string match -r -- '^--[^=]*=' $current)
        for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current))
            echo "$head$path"
        end
    else
        string join \n -- $lines[2..-1]
    end
end

complete -c ackgpu -f -a '(__ackgpu_complete)'
