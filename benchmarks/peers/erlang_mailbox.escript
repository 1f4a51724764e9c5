%% Erlang processes on two nodes of this machine, with the command line of
%% benchmarks/common/job.hpp. The code of both sides is erlang_mailbox.erl beside this file.
main([Mode | Options]) ->
    Job = maps:put("mode", Mode, pairs(Options)),
    Source = filename:join(filename:dirname(escript:script_name()), "erlang_mailbox.erl"),
    {ok, Module, Binary} = compile:file(Source, [binary, report]),
    {module, Module} = code:load_binary(Module, Source, Binary),
    Ours = start_epmd(),
    Status = run(Module, Binary, Job),
    net_kernel:stop(),
    Ours andalso os:cmd("epmd -kill"),
    halt(Status).

pairs(["--" ++ Name, Value | Rest]) -> maps:put(Name, Value, pairs(Rest));
pairs([]) -> #{}.

%% The names' daemon of another user of Erlang is left alone.
start_epmd() ->
    case string:find(os:cmd("epmd -names 2>&1"), "up and running") of
        nomatch -> os:cmd("epmd -daemon"), true;
        _ -> false
    end.

%% The daemon may not listen yet.
start_node(Name, Tries) ->
    case net_kernel:start([Name, shortnames]) of
        {ok, _} -> ok;
        _ when Tries > 0 -> timer:sleep(50), start_node(Name, Tries - 1)
    end.

run(Module, Binary, #{"producers" := "1", "consumers" := "1"} = Job) ->
    [Here, There] = string:split(maps:get("cpus", Job, "0,1"), ","),
    os:cmd("taskset -acp " ++ Here ++ " " ++ os:getpid()),
    Name = list_to_atom("bench" ++ os:getpid()),
    start_node(Name, 40),
    {ok, Peer, Node} = peer:start_link(#{
        name => peer:random_name(),
        args => ["-setcookie", atom_to_list(erlang:get_cookie())],
        exec => {os:find_executable("taskset"),
                 ["-c", There, os:find_executable("erl")]}}),
    {module, Module} = erpc:call(Node, code, load_binary, [Module, "erlang_mailbox", Binary]),
    io:put_chars(Module:run(Node, Job)),
    peer:stop(Peer),
    0;
run(_, _, _) ->
    io:put_chars(standard_error, "unsupported: pairs only\n"),
    3.
