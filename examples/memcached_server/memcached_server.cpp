// A server on its own Asio loop that speaks memcached's text protocol: get, set, delete, version,
// quit. What a client sends is parsed in one supervised process and kept in another. Bad input
// brings the parser down; who sent it is told so and hung up on, and nobody else notices: what the
// dead parser had of others is parsed again, one at a time, by a second one. That shows who was to
// blame.
//     memcached_server [port, 11211; 0: any]      on the loopback device, until SIGINT or SIGTERM
#include <boost/asio.hpp>
#include <bulkhead/actors/actors.hpp>
#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <iostream>

#include "ask.hpp"
#include "parser.hpp"
#include "store.hpp"

namespace actors = bulkhead::actors;
namespace asio = boost::asio;
using asio::use_awaitable;
using tcp = asio::ip::tcp;
using namespace memcached_server;
using namespace std::chrono_literals;

namespace {

struct services {
  caf::actor_system* system;
  parser quick;
  parser careful;
  store items;
  int culprits = 0;  ///< Clients that crashed the parser.
};

asio::awaitable<std::optional<parsed>> parse(const services& all, const std::string& bytes) {
  auto got = co_await ask<parsed>(*all.system, all.quick, bytes);
  if (!got) got = co_await ask<parsed>(*all.system, all.careful, bytes);
  co_return got;
}

// @returns false: it wants to end.
asio::awaitable<bool> run(const services& all, std::vector<command> commands, std::string& answer) {
  for (command& what : commands) {
    if (what.what == verb::quit) co_return false;
    const bool is_quiet = what.is_quiet;
    const auto text = co_await ask<std::string>(*all.system, all.items, std::move(what));
    if (!is_quiet) answer += text.value_or("SERVER_ERROR the store is not there\r\n");
  }
  co_return true;
}

asio::awaitable<void> serve(tcp::socket client, services& all) {
  client.set_option(tcp::no_delay(true));
  std::string in;
  for (std::size_t missing = 1;;) {
    co_await async_read(client, asio::dynamic_buffer(in, unread_max),
                        asio::transfer_at_least(missing), use_awaitable);
    auto got = co_await parse(all, in);
    if (!got) {
      ++all.culprits;
      got = parsed{.complaint = "SERVER_ERROR the parser crashed\r\n", .ends = true};
    }
    std::string answer;
    const bool goes_on = co_await run(all, std::move(got->commands), answer);
    answer += got->complaint;
    co_await async_write(client, asio::buffer(answer), use_awaitable);
    if (!goes_on || got->ends) break;
    in.erase(0, got->used);
    // Behind a command that was none there may be others.
    const bool stopped_early = !got->complaint.empty() && !in.empty();
    missing = stopped_early ? 0 : got->wanted > in.size() ? got->wanted - in.size() : 1;
  }
  // What it has sent and nobody has read would take the last answer from it.
  boost::system::error_code ignored;
  client.shutdown(tcp::socket::shutdown_send, ignored);
  std::string rest(4096, '\0');
  while (co_await client.async_read_some(asio::buffer(rest), use_awaitable) > 0) continue;
}

asio::awaitable<void> accept(tcp::acceptor& door, services& all) {
  for (;;) {
    auto [failed, client] = co_await door.async_accept(asio::as_tuple(use_awaitable));
    if (failed) continue;  // the client is gone already
    // A client that goes ends its coroutine by an exception, which nobody needs.
    co_spawn(door.get_executor(), serve(std::move(client), all), asio::detached);
  }
}

bulkhead::child_spec spec(const char* name) {
  return {.name = name,
          .backoff = bulkhead::no_backoff,
          .watchdog = 2s,
          .process = {.limits = {.memory = std::size_t{512} << 20, .core = 0}}};
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  asio::io_context io(1);
  bulkhead::runtime rt{io.get_executor()};
  actors::system sys{rt};
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  using actors::during_restart;
  const auto start_parser = [&](const char* name) {
    return actors::spawn_process<parser>(sys, sup, spec(name), {during_restart::wait},
                                         serve_parser);
  };
  services all{&sys.caf(), start_parser("parser"),
               sys.caf().spawn(one_at_a_time, start_parser("suspects")),
               actors::spawn_process<store>(sys, sup, spec("store"), {during_restart::retry},
                                            serve_store, std::uint64_t{64} << 20)};
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 11211);
  tcp::acceptor door(io, {asio::ip::address_v4::loopback(), port});
  std::cout << "serving 127.0.0.1 port " << door.local_endpoint().port() << ", store "
            << sup.find_child("store")->pid << std::endl;
  co_spawn(io, accept(door, all), asio::detached);
  asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([&](auto, int) { io.stop(); });
  io.run();
  std::cout << all.culprits << " clients crashed the parser" << std::endl;
}
// examples/memcached_server/memcached_server 0
//
// serving 127.0.0.1 port 45139, store 71712
// ...
// 30 clients crashed the parser
