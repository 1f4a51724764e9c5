%% Both sides of a run between two nodes: a message is {Number, Binary}, the binary made anew.
-module(erlang_mailbox).
-export([run/2, consume/3, answer/1]).

run(Node, #{"mode" := Mode, "bytes" := Bytes, "count" := Count}) ->
    Size = list_to_integer(Bytes),
    Messages = list_to_integer(Count),
    case Mode of
        "one_way" -> one_way(Node, Size, Messages);
        "round_trip" -> round_trip(Node, Size, Messages)
    end.

filled(Size, Number) ->
    Rest = binary:copy(<<Number:8>>, Size - 8),
    <<Number:64, Rest/binary>>.

%% A binary of more than 64 bytes would come as a reference that nobody copied: the last byte is
%% looked at, as in the other programs.
check(Message, Number) ->
    <<Number:64, _/binary>> = Message,
    case byte_size(Message) of
        8 -> ok;
        Size -> true = (binary:at(Message, Size - 1) =:= Number band 255)
    end.

one_way(Node, Size, Count) ->
    Consumer = spawn_link(Node, ?MODULE, consume, [self(), 0, Count]),
    Start = erlang:monotonic_time(nanosecond),
    produce(Consumer, Size, 0, Count),
    receive {done, Consumer} -> ok end,
    report(Count, erlang:monotonic_time(nanosecond) - Start, "").

produce(_, _, Count, Count) -> ok;
produce(To, Size, Number, Count) ->
    To ! filled(Size, Number),
    produce(To, Size, Number + 1, Count).

consume(Parent, Count, Count) -> Parent ! {done, self()};
consume(Parent, Number, Count) ->
    receive Message when is_binary(Message) -> check(Message, Number) end,
    consume(Parent, Number + 1, Count).

round_trip(Node, Size, Count) ->
    Other = spawn_link(Node, ?MODULE, answer, [self()]),
    Start = erlang:monotonic_time(nanosecond),
    Times = lists:sort([ask(Other, Size, Number) || Number <- lists:seq(1, Count)]),
    Spent = erlang:monotonic_time(nanosecond) - Start,
    unlink(Other),
    exit(Other, kill),
    At = fun(Share) -> lists:nth(1 + trunc(Share * (Count - 1)), Times) end,
    report(Count, Spent, io_lib:format(", \"p50_ns\": ~b, \"p99_ns\": ~b, \"p999_ns\": ~b",
                                       [At(0.5), At(0.99), At(0.999)])).

ask(Other, Size, Number) ->
    Before = erlang:monotonic_time(nanosecond),
    Other ! filled(Size, Number),
    receive Message when is_binary(Message) -> check(Message, Number) end,
    erlang:monotonic_time(nanosecond) - Before.

answer(Parent) ->
    receive Message when is_binary(Message) -> Parent ! Message end,
    answer(Parent).

report(Count, Nanoseconds, More) ->
    io_lib:format("{\"messages\": ~b, \"seconds\": ~.9f~s}~n",
                  [Count, Nanoseconds / 1.0e9, lists:flatten(More)]).
