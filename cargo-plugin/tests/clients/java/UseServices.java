import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import services.Services;
import typed.Typed;

/** Gives the plugin services all services, and checks what the plugin gets from each. And a time limit. */
final class UseServices {
  private final Services plugin;

  private UseServices(Services plugin) {
    this.plugin = plugin;
  }

  /** A host's files and events. */
  private static final class Host implements Services.Files, Services.Events, Services.Clock {
    private final Map<String, byte[]> files = new TreeMap<>();
    private final List<String> events = new ArrayList<>();
    private Services plugin;

    @Override
    public byte[] read(String path) {
      if (!files.containsKey(path)) {
        throw new Services.PluginException(Services.ErrorCode.NOT_FOUND, "no file " + path);
      }
      return files.get(path);
    }

    @Override
    public void write(String path, byte[] contents) {
      files.put(path, contents);
    }

    @Override
    public void remove(String path) {
      files.remove(path);
    }

    @Override
    public List<Services.FileEntry> list(String path) {
      return files.entrySet().stream().map(file -> new Services.FileEntry(file.getKey(), false, file.getValue().length)).toList();
    }

    @Override
    public void emit(String topic, Object data) {
      events.add("emit " + topic + " " + data);
    }

    @Override
    public void subscribe(String pattern) {
      try {
        plugin.heard();
        throw new IllegalStateException("the plugin must not be called by the service that it calls");
      } catch (Services.PluginException error) {
        check(error.code().equals(Services.ErrorCode.BUSY), error);
      }
      events.add("subscribe " + pattern);
    }

    @Override
    public void unsubscribe(String pattern) {
      events.add("unsubscribe " + pattern);
    }

    @Override
    public long now() {
      return 1_234_567_890_123_456_789L;
    }

    @Override
    public long monotonic() {
      return 42;
    }
  }

  private static Services.HttpResponse send(Services.HttpRequest request) {
    if (request.timeout() != null) {
      throw new IllegalStateException("no network");
    }
    String body = request.method() + " " + request.url() + " " + new String(request.body(), StandardCharsets.UTF_8);
    return new Services.HttpResponse(418, List.of(), body.getBytes(StandardCharsets.UTF_8));
  }

  private static Object chat(Object conversation) {
    Object first = ((List<?>) ((Map<?, ?>) conversation).get("messages")).get(0);
    return Map.of("content", ((Map<?, ?>) first).get("content") + "!", "model", "echo");
  }

  private void expect(Services.Do call, Object expected) {
    Object found;
    try {
      found = plugin.one(new Services.OneArguments(call));
    } catch (Services.PluginException error) {
      found = error.code();
    }
    check(Objects.equals(found, expected), call + ": " + found);
  }

  private static void check(boolean holds, Object found) {
    if (!holds) {
      throw new AssertionError(found);
    }
  }

  public static void main(String[] arguments) throws Exception {
    byte[] wasm = java.nio.file.Files.readAllBytes(Path.of("services.wasm"));
    Host host = new Host();
    Services.MemoryLog log = new Services.MemoryLog();
    Services.Options options =
        new Services.Options()
            .log(log)
            .kv(new Services.MemoryStore())
            .events(host)
            .clock(host)
            .files(host)
            .http(UseServices::send)
            .ai(UseServices::chat)
            .settings(Map.of("unit", "km"))
            .random(byte[]::new);
    try (Services plugin = Services.load(wasm, options)) {
      host.plugin = plugin;
      new UseServices(plugin).callAll(host);
    }
    check(log.lines().equals(List.of(new Services.LogLine(3, log.lines().get(0).target(), "a line"))), log.lines());
    try (Services bare = Services.load(wasm)) {
      UseServices example = new UseServices(bare);
      List<Services.Do> calls =
          List.of(
              new Services.DoKvGet("a"),
              new Services.DoEmit(new Services.Tuple2<>("a", null)),
              new Services.DoRead("f"),
              new Services.DoChat(""),
              new Services.DoHttp(new Services.Tuple3<>("GET", "http://a/", "")));
      calls.forEach(call -> example.expect(call, Services.ErrorCode.PERMISSION_DENIED));
      example.expect(new Services.DoLog("a line"), null);
      check(bare.one(new Services.OneArguments(new Services.DoNow())) instanceof Long, "now");
    }
    limitTime();
  }

  private static void limitTime() throws Exception {
    byte[] wasm = java.nio.file.Files.readAllBytes(Path.of("typed.wasm"));
    Typed.Limits limits = Typed.Limits.DEFAULT.withTimeout(Duration.ofMillis(300));
    try (Typed plugin = Typed.load(wasm, new Typed.Options().limits(limits))) {
      plugin.spin();
      throw new AssertionError("it has no end");
    } catch (Typed.PluginException error) {
      check(error.code().equals(Typed.ErrorCode.TIMEOUT), error);
    }
    check(!Thread.currentThread().isInterrupted(), "the interruption must not outlive the call");
  }

  private void callAll(Host host) {
    BigInteger number = new BigInteger("18446744073709551615");
    expect(new Services.DoKvGet("a"), null);
    expect(new Services.DoKvSet(new Services.Tuple2<>("a", number)), null);
    expect(new Services.DoKvSet(new Services.Tuple2<>("ab", "é")), null);
    expect(new Services.DoKvGet("a"), number);
    expect(new Services.DoKvList("a"), List.of("a", "ab"));
    expect(new Services.DoKvDelete("a"), true);
    expect(new Services.DoKvDelete("a"), false);
    expect(new Services.DoHttp(new Services.Tuple3<>("PUT", "http://a/", "x")), List.of(418L, "PUT http://a/ x"));
    expect(new Services.DoHttpWithin(new Services.Tuple2<>("http://a/", BigInteger.TEN)), Services.ErrorCode.UNAVAILABLE);
    expect(new Services.DoEmit(new Services.Tuple2<>("a.b", number)), null);
    expect(new Services.DoSubscribe("a.*"), null);
    expect(new Services.DoUnsubscribe("a.*"), null);
    expect(new Services.DoRead("f"), Services.ErrorCode.NOT_FOUND);
    expect(new Services.DoWrite(new Services.Tuple2<>("f", "text")), null);
    expect(new Services.DoRead("f"), "text");
    expect(new Services.DoList(""), List.of("f"));
    expect(new Services.DoRemove("f"), null);
    expect(new Services.DoChat("hello"), "hello!");
    expect(new Services.DoConfig("unit"), "km");
    expect(new Services.DoConfig("none"), null);
    expect(new Services.DoLog("a line"), null);
    expect(new Services.DoNow(), 1_234_567_890_123_456_789L);
    expect(new Services.DoMonotonic(), 42L);
    expect(new Services.DoRandom(), 0L);
    check(host.events.equals(List.of("emit a.b " + number, "subscribe a.*", "unsubscribe a.*")), host.events);
  }
}
