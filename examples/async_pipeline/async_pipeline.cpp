// A server on its own Asio loop leaves the risky work to a supervised child. A coroutine feeds it
// and gets the results; the child crashes on the way, and no client notices. Nothing blocks the
// loop.
#include <boost/asio.hpp>
#include <bulkhead/bulkhead.hpp>
#include <iostream>
#include <sstream>

namespace asio = boost::asio;
using asio::use_awaitable;
using socket_type = asio::local::stream_protocol::socket;

void count_words(bulkhead::queue<std::string> lines, bulkhead::queue<int> counts) {
  for (auto& line : lines.deliveries()) {
    if (*line == "crash once" && line.attempt() == 1) std::abort();
    std::istringstream words(*line);
    line.forward(counts, std::distance(std::istream_iterator<std::string>(words), {}));
  }
}

asio::awaitable<void> serve(socket_type client, bulkhead::queue<std::string> lines,
                            bulkhead::queue<int> counts) {
  std::string in;
  for (;;) {
    const auto size =
        co_await async_read_until(client, asio::dynamic_buffer(in), '\n', use_awaitable);
    co_await lines.async_send(in.substr(0, size - 1), use_awaitable);
    in.erase(0, size);
    const std::string answer = std::to_string(co_await counts.async_receive(use_awaitable)) + "\n";
    co_await async_write(client, asio::buffer(answer), use_awaitable);
  }
}

asio::awaitable<void> ask(socket_type server) {
  for (const std::string line : {"three little words", "crash once", "and go on"}) {
    co_await async_write(server, asio::buffer(line + "\n"), use_awaitable);
    std::string answer;
    co_await async_read_until(server, asio::dynamic_buffer(answer), '\n', use_awaitable);
    std::cout << line << ": " << answer;
  }
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  bulkhead::queue<std::string> lines{rt};
  bulkhead::queue<int> counts{rt};
  bulkhead::supervisor sup{rt};
  sup.start({.name = "counter"}, count_words, lines, counts);
  socket_type server(io), client(io);
  asio::local::connect_pair(server, client);
  asio::co_spawn(io, serve(std::move(server), lines, counts), asio::detached);
  asio::co_spawn(io, ask(std::move(client)), [&](auto) { io.stop(); });
  io.run();
}
// examples/async_pipeline/async_pipeline prints
//   three little words: 3
//   crash once: 2
//   and go on: 3
