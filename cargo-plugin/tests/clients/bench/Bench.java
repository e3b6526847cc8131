import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import greeter.Greeter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import typed.Typed;

/** Compares clients in Java with code written by hand. See README.md. */
final class Bench {
  private Bench() {}

  /** A plugin, called as an author of a host would by hand. */
  private static final class ByHand {
    private final Instance instance;
    private final ExportFunction alloc;
    private final ExportFunction free;

    ByHand(byte[] wasm) {
      FunctionType level = FunctionType.of(List.of(), List.of(ValType.I32));
      FunctionType write = FunctionType.of(Collections.nCopies(5, ValType.I32), List.of());
      ImportValues imports =
          ImportValues.builder()
              .addFunction(new HostFunction("plugin_host", "log_max_level", level, (caller, arguments) -> new long[1]))
              .addFunction(new HostFunction("plugin_host", "log_write", write, (caller, arguments) -> new long[0]))
              .build();
      instance = Instance.builder(Parser.parse(wasm)).withImportValues(imports).build();
      alloc = instance.export("alloc");
      free = instance.export("free");
      instance.export("plugin_init").apply(0, 0);
    }

    byte[] call(String name, byte[] data) {
      long address = alloc.apply(data.length)[0];
      instance.memory().write((int) address, data);
      long packed = instance.export(name).apply(address, data.length)[0];
      byte[] result = instance.memory().readBytes((int) (packed >>> 32), (int) packed & Integer.MAX_VALUE);
      free.apply(address, data.length);
      return result;
    }
  }

  private static double seconds(Runnable job, int count) {
    long start = System.nanoTime();
    for (int nth = 0; nth < count; nth++) {
      job.run();
    }
    return (System.nanoTime() - start) * 1e-9 / count;
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static void compare(String name, Runnable client, Runnable byHand) {
    // So that both are compiled.
    seconds(client, 2000);
    seconds(byHand, 2000);
    int count = (int) (20e-3 / seconds(byHand, 100)) + 1;
    double[] ours = new double[60];
    double[] theirs = new double[60];
    double[] ratios = new double[60];
    for (int nth = 0; nth < ratios.length; nth++) {
      ours[nth] = seconds(client, count) * 1e6;
      theirs[nth] = seconds(byHand, count) * 1e6;
      ratios[nth] = ours[nth] / theirs[nth];
    }
    System.out.printf("%s: %.1f µs, by hand %.1f µs, ratio %.2f%n", name, median(ours), median(theirs), median(ratios));
  }

  public static void main(String[] arguments) throws IOException {
    byte[] greeterWasm = Files.readAllBytes(Path.of("greeter.wasm"));
    byte[] typedWasm = Files.readAllBytes(Path.of("typed.wasm"));
    Greeter greeter = Greeter.load(greeterWasm);
    Typed typed = Typed.load(typedWasm);
    ByHand greeterByHand = new ByHand(greeterWasm);
    ByHand typedByHand = new ByHand(typedWasm);
    compare(
        "greet",
        () -> greeter.greet(new Greeter.GreetArguments("Ada")),
        () -> {
          byte[] result = greeterByHand.call("command_greet", "{\"name\":\"Ada\"}".getBytes(StandardCharsets.UTF_8));
          String text = new String(result, StandardCharsets.UTF_8);
          int at = text.indexOf("\"message\":\"") + 11;
          text.substring(at, text.indexOf('"', at));
        });
    byte[] small = new byte[1 << 10];
    compare("echo 1 KiB", () -> typed.echo(small), () -> typedByHand.call("command_echo", small));
    byte[] large = new byte[1 << 20];
    compare("echo 1 MiB", () -> typed.echo(large), () -> typedByHand.call("command_echo", large));
  }
}
