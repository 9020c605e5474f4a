using System.Collections.Frozen;

namespace LlmReasoning.Verification.Parsing;

/// <summary>The words the lexer and the parser know: commands, functions, units, signs of Unicode.</summary>
internal static class Vocabulary
{
    /// <summary>Commands that change how a formula looks and not what it says.</summary>
    public static FrozenSet<string> Silent { get; } = Words(
        "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle displaystyle textstyle scriptstyle limits nolimits nonumber "
        + "quad qquad enspace thinspace space hspace hfill noindent centering large Large small tiny rm bf it boldsymbol mathbf mathit mathcal mathfrak "
        + "mathscr mathsf vec overrightarrow overline bar hat widehat tilde widetilde underline bm pmb phantom ensuremath , ; : ! > /");

    /// <summary>Commands whose argument is words.</summary>
    public static FrozenSet<string> TextCommands { get; } = Words("text textbf textit textrm textsf texttt textnormal mbox hbox mathrm operatorname rm emph textsc mathop");

    public static FrozenSet<string> Functions { get; } = Words(
        "sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh ln log lg exp sqrt abs floor ceil gcd lcm max min det sgn arg deg dim ker Re Im arccot arcsec arccsc "
        + "coth sup inf tr rank");

    public static FrozenSet<string> Greek { get; } = Words(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron rho varrho sigma tau upsilon phi varphi chi psi omega "
        + "Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega ell hbar nabla partial aleph Re Im wp top bot star ast prime degree odot oplus dagger perp mho cdots ldots dots vdots ddots");

    /// <summary>A unit's spellings and its one name.</summary>
    public static FrozenDictionary<string, string> Units { get; } = Table(
        "m:m meter meters metre metres;cm:cm centimeter centimeters centimetre centimetres;mm:mm millimeter millimeters millimetre millimetres;"
        + "km:km kilometer kilometers kilometre kilometres;nm:nm nanometer nanometers;in:inch inches;ft:ft foot feet;yd:yd yard yards;mi:mi mile miles;"
        + "s:s sec secs second seconds;ms:ms millisecond milliseconds;min:minute minutes mins;h:h hr hrs hour hours;day:day days;week:week weeks;month:month months;year:year years yr yrs;"
        + "g:g gram grams;kg:kg kilogram kilograms;mg:mg milligram milligrams;lb:lb lbs pound pounds;oz:oz ounce ounces;ton:ton tons tonne tonnes;"
        + "L:L l liter liters litre litres;mL:mL ml milliliter milliliters millilitre millilitres;gal:gallon gallons gal;qt:quart quarts;pt:pint pints;"
        + "mph:mph kph kmh;J:J joule joules;kJ:kJ;N:N newton newtons;W:W watt watts;kW:kW;V:V volt volts;A:A amp amps ampere amperes;Pa:Pa pascal pascals;Hz:Hz hertz;kHz:kHz;K:K kelvin;mol:mol mole moles;"
        + "eV:eV;MeV:MeV;keV:keV;GeV:GeV;erg:erg ergs;"
        + "degree:degree degrees deg;radian:radian radians rad;percent:percent pct;dollar:dollar dollars USD usd;cent:cent cents;euro:euro euros EUR;yuan:yuan RMB;rupee:rupee rupees Rs;yen:yen");

    /// <summary>Units that are a single letter may as well be variables: they count only behind a number at the end of an answer.</summary>
    public static FrozenSet<string> LetterUnits { get; } = Words("m s g h L");

    public static FrozenDictionary<string, long> Magnitudes { get; } = Table("12:dozen;100:hundred;1000:thousand;1000000:million;1000000000:billion;1000000000000:trillion")
        .ToFrozenDictionary(row => row.Key, row => long.Parse(row.Value));

    public static FrozenDictionary<string, int> NumberWords { get; } = Table(
        "2:two;3:three;4:four;5:five;6:six;7:seven;8:eight;9:nine;10:ten;11:eleven;12:twelve;16:sixteen")
        .ToFrozenDictionary(row => row.Key, row => int.Parse(row.Value));

    /// <summary>Relation commands and the character that stands for them.</summary>
    public static FrozenDictionary<string, char> Relations { get; } = Table(
        "≤:le leq leqslant leqq;≥:ge geq geqslant geqq;<:lt;>:gt;≠:ne neq;≈:approx simeq doteq;≅:cong;≡:equiv;~:sim;∈:in;∉:notin;⊂:subset;⊆:subseteq;"
        + "→:to rightarrow mapsto;∝:propto;⇒:Rightarrow implies;⇔:Leftrightarrow iff;∥:parallel;⊥:perp;↔:leftrightarrow")
        .ToFrozenDictionary(row => row.Key, row => row.Value[0]);

    /// <summary>Signs of Unicode and the LaTeX they stand for; a command, or plain characters.</summary>
    public static FrozenDictionary<char, string> Signs { get; } = SignTable(
        """
        - −–—﹣－  + ＋  \times ×  \cdot ·⋅∙•  \div ÷  * ∗＊  / ／⁄∕  = ＝  < ＜  > ＞  \le ≤⩽≦  \ge ≥⩾≧  \ne ≠  \approx ≈  \equiv ≡
        \in ∈  \notin ∉  \cup ∪  \cap ∩  \emptyset ∅  \infty ∞  \pm ±  \mp ∓  \sqrt √  \cbrt ∛  \degree °º  \pi π  \R ℝ  \Z ℤ
        \N ℕ  \Q ℚ  \C ℂ  \sum ∑  \prod ∏  \int ∫  \to →  \Rightarrow ⇒  \angle ∠  \triangle △  \subset ⊂  \setminus ∖
        \parallel ∥  \frac{1}{2} ½  \frac{1}{3} ⅓  \frac{2}{3} ⅔  \frac{1}{4} ¼  \frac{3}{4} ¾  \frac{1}{5} ⅕  \frac{1}{8} ⅛
        \frac{3}{8} ⅜  \frac{5}{8} ⅝  \frac{7}{8} ⅞  \frac{1}{6} ⅙  ^{2} ²  ^{3} ³  ^{1} ¹  ^{0} ⁰  ^{4} ⁴  ^{5} ⁵  ^{6} ⁶
        ^{7} ⁷  ^{8} ⁸  ^{9} ⁹  ^{n} ⁿ  _{0} ₀  _{1} ₁  _{2} ₂  _{3} ₃  _{4} ₄  _{5} ₅  _{6} ₆  _{7} ₇  _{8} ₈  _{9} ₉  ( （  ) ）
        [ ［  ] ］  \{ ｛  \} ｝  | ｜  ,␣ ，、  ; ；  : ：  . 。．  % ％  \alpha α  \beta β  \gamma γ  \delta δ  \epsilon ε  \theta θ
        \lambda λ  \mu μ  \rho ρ  \sigma σ  \tau τ  \phi φϕ  \omega ω  \Delta Δ  \Omega Ω  \langle ⟨  \rangle ⟩  \lfloor ⌊
        \rfloor ⌋  \lceil ⌈  \rceil ⌉  ' ′’  \ldots …⋯  \cent ¢  \euro €  \pounds £  \yen ¥￥
        """);

    /// <summary>Texts that say the same.</summary>
    public static FrozenDictionary<string, string> Synonyms { get; } = Table(
        "doesnotexist:dne limitdoesnotexist nonexistent doesntexist;nosolution:nosolutions thereisnosolution therearenosolutions;norealsolution:norealsolutions;"
        + "divergent:diverges itdiverges seriesdiverges;convergent:converges itconverges seriesconverges");

    public static bool TakesAngle(string function) => function is "sin" or "cos" or "tan" or "cot" or "sec" or "csc";

    // Each row: the LaTeX, then the signs that stand for it; "␣" is a space.
    private static FrozenDictionary<char, string> SignTable(string rows)
    {
        var table = new Dictionary<char, string>();
        foreach (var space in "\u00a0\u200b\u2009\u202f\u3000\u2061\ufeff") { table[space] = " "; }
        foreach (var row in rows.Split(["  ", "\n"], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (latex, signs) = (row[..row.IndexOf(' ')].Replace('␣', ' '), row[(row.IndexOf(' ') + 1)..]);
            foreach (var sign in signs) { table[sign] = latex; }
        }

        return table.ToFrozenDictionary();
    }

    private static FrozenSet<string> Words(string words) => words.Split(' ').ToFrozenSet();

    private static FrozenDictionary<string, string> Table(string rows)
    {
        var table = new Dictionary<string, string>();
        foreach (var row in rows.Split(';'))
        {
            var (name, spellings) = (row[..row.IndexOf(':')], row[(row.IndexOf(':') + 1)..]);
            foreach (var spelling in spellings.Split(' ')) { table[spelling] = name; }
        }

        return table.ToFrozenDictionary();
    }
}
