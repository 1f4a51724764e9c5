%% Microseconds from starting a peer node to its first answer, and from killing a port's process to
%% the first line of the one that its supervisor starts next. Prints one JSON object.
%%     escript erlang_process.escript COUNT SPEAKER
%% SPEAKER -: a program that prints a line when it runs, and then waits for the end of its input.
-mode(compile).
-export([init/1, start_owner/2, own/3]).

main([Count, Speaker]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    N = list_to_integer(Count),
    Peers = [start_peer() || _ <- lists:seq(1, N)],
    {ok, Supervisor} = supervisor:start_link(?MODULE, {self(), Speaker}),
    unlink(Supervisor),
    First = heard(),
    Replacements = replace(5 * N, First, []),
    io:format("{\"erlang peer\": ~.1f, \"erlang port\": ~.1f}~n",
              [median(Peers), median(Replacements)]),
    halt(0).

now_us() -> erlang:monotonic_time(microsecond).

start_peer() ->
    Begun = now_us(),
    {ok, Peer, _} = peer:start_link(#{connection => standard_io}),
    ok = peer:call(Peer, io_lib, nl, [], 30000) =/= [] andalso ok,
    Took = now_us() - Begun,
    peer:stop(Peer),
    Took.

init({To, Speaker}) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1},
          [#{id => owner, start => {?MODULE, start_owner, [To, Speaker]}}]}}.

start_owner(To, Speaker) -> proc_lib:start_link(?MODULE, own, [self(), To, Speaker]).

own(Parent, To, Speaker) ->
    Port = open_port({spawn_executable, Speaker}, [{args, ["-"]}, {line, 64}, exit_status]),
    proc_lib:init_ack(Parent, {ok, self()}),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    receive {Port, {data, _}} -> To ! {running, Pid, now_us()} end,
    receive {Port, {exit_status, _}} -> exit(killed) end.

heard() -> receive {running, Pid, At} -> {Pid, At} after 30000 -> exit(silent) end.

replace(0, _, Times) -> Times;
replace(N, {Pid, _}, Times) ->
    Port = open_port({spawn_executable, "/bin/sh"}, [{args, ["-c", "read x; kill -9 " ++ integer_to_list(Pid)]}]),
    timer:sleep(20),
    Begun = now_us(),
    port_command(Port, "go\n"),
    {_, At} = Next = heard(),
    replace(N - 1, Next, [At - Begun | Times]).

median(All) -> lists:nth((length(All) + 1) div 2, lists:sort(All)) / 1.
